using System.Diagnostics.CodeAnalysis;
using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>
/// A record in its canonical form (protocol §1): what an author signed, the key and the signature. It is well formed by
/// construction; nothing is said yet about whether the signature fits. Immutable and safe for use by many threads.
/// </summary>
public sealed class SignedLinktree : IEquatable<SignedLinktree>
{
    /// <summary>The greatest length of <see cref="Data"/> in bytes. A constant of the protocol, so that all nodes agree on what is valid.</summary>
    public const int MaxDataBytes = 65_536;

    /// <summary>How many levels of objects and arrays <see cref="Data"/> may have; the data object itself is level 1.</summary>
    public const int MaxDepth = 64;

    /// <summary>
    /// How many levels a text may have that is read as data or as an element of a list. What counts is the depth of the data in its canonical
    /// form; the text may be deeper, in members that are unsigned or in values of keys that are repeated later.
    /// </summary>
    internal const int MaxTextDepth = 2 * MaxDepth;

    private SignedLinktree(PublicKey author, LinktreeSignature signature, ReadOnlyMemory<byte> data, in LinktreeContent content, LinktreeId id)
    {
        Author = author;
        Signature = signature;
        Data = data;
        Uuid = content.Uuid;
        Timestamp = content.Timestamp;
        TaskId = content.TaskId;
        IsTombstone = content.IsTombstone;
        Id = id;
    }

    /// <summary>The key that the record claims to be signed with.</summary>
    public PublicKey Author { get; }

    /// <summary>The detached signature over <see cref="Data"/>.</summary>
    public LinktreeSignature Signature { get; }

    /// <summary>The signed bytes: the canonical UTF-8 JSON of the author's data object.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The author's name for the record, unique within the author.</summary>
    public string Uuid { get; }

    /// <summary>Milliseconds since the Unix epoch by the author's clock, 0 to 2^53−1. The greatest of them do not fit a <see cref="DateTimeOffset"/>.</summary>
    public long Timestamp { get; }

    /// <summary>Whether the record says that its identity is deleted: <c>deleted</c> is <see langword="true"/> and a task is named.</summary>
    public bool IsTombstone { get; }

    /// <summary>The task that the record names, or <see langword="null"/> where it names none and fits any.</summary>
    public string? TaskId { get; }

    /// <summary>The record id, computed from <see cref="Author"/> and <see cref="Data"/>.</summary>
    public LinktreeId Id { get; }

    /// <summary>What the record is a version of.</summary>
    public LinktreeKey Key => new(Author, Uuid);

    /// <summary>Where the record stands in the one order.</summary>
    public LinktreeVersion Version => new(Timestamp, Id);

    /// <summary>Brings a record into its canonical form, or says why it has none.</summary>
    /// <param name="author">The author's key.</param>
    /// <param name="signature">The author's signature over the canonical form.</param>
    /// <param name="dataJson">The text of the data object as UTF-8; it need not be canonical. It is copied.</param>
    /// <param name="linktree">The record, when the method returns <see langword="true"/>.</param>
    /// <param name="reason">Why there is none, else <see cref="RejectionReason.None"/>.</param>
    /// <returns>Whether the text is the data of a record. No text makes this method throw.</returns>
    public static bool TryCreate(
        PublicKey author,
        LinktreeSignature signature,
        ReadOnlySpan<byte> dataJson,
        [NotNullWhen(true)] out SignedLinktree? linktree,
        out RejectionReason reason)
    {
        using var canonical = EcmaScriptJson.Canonicalize(dataJson, MaxTextDepth);
        linktree = null;
        reason = canonical.Reason;
        return reason is RejectionReason.None && TryCreateCanonical(author, signature, canonical.Bytes, canonical.TextDepth, out linktree, out reason);
    }

    /// <summary>
    /// For stores: makes a record again of what was kept of it, in two thirds of the time of <see cref="TryCreate"/>. The id is computed anew, so whatever has changed
    /// meanwhile of the author or the data is found out; that the data is canonical is not looked at again. So both must have been those of one record, and nothing
    /// that came from a peer.
    /// </summary>
    /// <param name="author">The record's <see cref="Author"/>.</param>
    /// <param name="signature">The record's <see cref="Signature"/>.</param>
    /// <param name="data">The record's <see cref="Data"/>. It is copied.</param>
    /// <param name="id">The record's <see cref="Id"/>.</param>
    /// <param name="linktree">The record, when the method returns <see langword="true"/>.</param>
    /// <returns>Whether author and data have the id.</returns>
    public static bool TryRestore(PublicKey author, LinktreeSignature signature, ReadOnlySpan<byte> data, LinktreeId id, [NotNullWhen(true)] out SignedLinktree? linktree)
    {
        linktree = LinktreeId.Compute(author, data) == id && LinktreeContent.TryRead(data, out var content)
            ? new SignedLinktree(author, signature, data.ToArray(), content, id)
            : null;
        return linktree is not null;
    }

    /// <summary>Makes a record of data that <see cref="EcmaScriptJson"/> has brought into its canonical form.</summary>
    /// <param name="author">The author's key.</param>
    /// <param name="signature">The author's signature.</param>
    /// <param name="canonical">Any JSON value in canonical form. It is copied.</param>
    /// <param name="textDepth">No fewer levels than the data has.</param>
    /// <param name="linktree">The record, when the method returns <see langword="true"/>.</param>
    /// <param name="reason">Why there is none, else <see cref="RejectionReason.None"/>.</param>
    internal static bool TryCreateCanonical(
        PublicKey author,
        LinktreeSignature signature,
        ReadOnlySpan<byte> canonical,
        int textDepth,
        [NotNullWhen(true)] out SignedLinktree? linktree,
        out RejectionReason reason)
    {
        linktree = null;
        var content = default(LinktreeContent);
        reason = canonical switch
        {
            [not (byte)'{', ..] => RejectionReason.Malformed,
            { Length: > MaxDataBytes } => RejectionReason.TooLarge,
            _ when textDepth > MaxDepth && CanonicalValue.Depth(canonical) > MaxDepth => RejectionReason.TooDeep,
            _ when !LinktreeContent.TryRead(canonical, out content) => RejectionReason.Malformed,
            _ => RejectionReason.None,
        };
        if (reason is RejectionReason.None)
            linktree = new SignedLinktree(author, signature, canonical.ToArray(), content, LinktreeId.Compute(author, canonical));
        return linktree is not null;
    }

    /// <summary>Whether two records have the same author, signature and data.</summary>
    /// <param name="other">The record to compare with.</param>
    /// <returns><see langword="true"/> when they are equal byte for byte.</returns>
    public bool Equals([NotNullWhen(true)] SignedLinktree? other) =>
        other is not null && Id == other.Id && Author == other.Author && Signature == other.Signature && Data.Span.SequenceEqual(other.Data.Span);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as SignedLinktree);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Signature);

    /// <summary>The author, the uuid and the timestamp, for logs and debuggers.</summary>
    /// <returns>One line without the data.</returns>
    public override string ToString() => $"{Author}/{Uuid}@{Timestamp}";
}
