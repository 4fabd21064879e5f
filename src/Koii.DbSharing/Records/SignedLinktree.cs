using System.Diagnostics.CodeAnalysis;
using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>
/// A record in its canonical form (protocol §1): the data that an author signed, the author's key and the signature.
/// </summary>
/// <remarks>
/// An instance is always well formed, but its signature may be invalid: only an <see cref="ISignatureVerifier"/>
/// decides that. Instances are immutable and safe for use by multiple threads. Two records are equal if author,
/// signature and data are equal.
/// </remarks>
public sealed class SignedLinktree : IEquatable<SignedLinktree>
{
    /// <summary>
    /// The maximum length of <see cref="Data"/> in bytes. It is a constant of the protocol, so that all nodes agree on
    /// which records are valid.
    /// </summary>
    public const int MaxDataBytes = 65_536;

    /// <summary>
    /// The maximum number of levels of objects and arrays in <see cref="Data"/>; the data object itself is level 1.
    /// </summary>
    public const int MaxDepth = 64;

    /// <summary>
    /// The maximum number of levels in a text that is read as data or as an element of a list. <see cref="MaxDepth"/>
    /// applies to the canonical form of the data; the text may be deeper, in unsigned members and in values that a
    /// repeated key removes.
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

    /// <summary>The public key that the record names as its author's.</summary>
    public PublicKey Author { get; }

    /// <summary>The detached signature over <see cref="Data"/>.</summary>
    public LinktreeSignature Signature { get; }

    /// <summary>The signed bytes: the canonical UTF-8 JSON of the author's data object.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The identifier that the author gave the record, unique among the author's records.</summary>
    public string Uuid { get; }

    /// <summary>
    /// Milliseconds since the Unix epoch by the author's clock, 0 to 2^53−1. The range of <see cref="DateTimeOffset"/>
    /// is smaller.
    /// </summary>
    public long Timestamp { get; }

    /// <summary>
    /// Whether the record deletes its identity: <c>deleted</c> is <see langword="true"/> and <see cref="TaskId"/> is
    /// not <see langword="null"/>.
    /// </summary>
    public bool IsTombstone { get; }

    /// <summary>
    /// The task that the record names, or <see langword="null"/> if it does not name one; it is then valid for any
    /// task.
    /// </summary>
    public string? TaskId { get; }

    /// <summary>The record id, computed from <see cref="Author"/> and <see cref="Data"/>.</summary>
    public LinktreeId Id { get; }

    /// <summary>The identity of the record.</summary>
    public LinktreeKey Key => new(Author, Uuid);

    /// <summary>The version of the record, which orders it among all records.</summary>
    public LinktreeVersion Version => new(Timestamp, Id);

    /// <summary>Creates a record from the text of its data, which is converted into the canonical form.</summary>
    /// <param name="author">The author's key.</param>
    /// <param name="signature">The author's signature of the canonical form. It is not verified.</param>
    /// <param name="dataJson">The text of the data object as UTF-8; it need not be canonical. It is copied.</param>
    /// <param name="linktree">The record, if the method returns <see langword="true"/>.</param>
    /// <param name="reason">The reason for the rejection, or <see cref="RejectionReason.None"/>.</param>
    /// <returns><see langword="true"/> if the text is the data of a record. No text causes an exception.</returns>
    public static bool TryCreate(
        PublicKey author,
        LinktreeSignature signature,
        ReadOnlySpan<byte> dataJson,
        [NotNullWhen(true)] out SignedLinktree? linktree,
        out RejectionReason reason)
    {
        using var canonical = CanonicalJson.Create(dataJson, MaxTextDepth);
        linktree = null;
        reason = canonical.Reason;
        return reason is RejectionReason.None
            && TryCreateCanonical(author, signature, canonical.Bytes, canonical.TextDepth, out linktree, out reason);
    }

    /// <summary>
    /// Restores a record from the parts that a store saved, in two thirds of the time of <see cref="TryCreate"/>.
    /// </summary>
    /// <remarks>
    /// The id is computed again, so a changed author or data is detected. The data is not tested for being canonical.
    /// Therefore all parts must come from one <see cref="SignedLinktree"/>, and never from a peer.
    /// </remarks>
    /// <param name="author">The record's <see cref="Author"/>.</param>
    /// <param name="signature">The record's <see cref="Signature"/>.</param>
    /// <param name="data">The record's <see cref="Data"/>. It is copied.</param>
    /// <param name="id">The record's <see cref="Id"/>.</param>
    /// <param name="linktree">The record, if the method returns <see langword="true"/>.</param>
    /// <returns><see langword="true"/> if the id is that of author and data.</returns>
    public static bool TryRestore(
        PublicKey author, LinktreeSignature signature, ReadOnlySpan<byte> data, LinktreeId id, [NotNullWhen(true)] out SignedLinktree? linktree)
    {
        linktree = LinktreeId.Compute(author, data) == id && LinktreeContent.TryRead(data, out var content)
            ? new SignedLinktree(author, signature, data.ToArray(), content, id)
            : null;
        return linktree is not null;
    }

    /// <summary>Creates a record from data that is already in canonical form (<see cref="CanonicalJson"/>).</summary>
    /// <param name="author">The author's key.</param>
    /// <param name="signature">The author's signature.</param>
    /// <param name="canonical">Any JSON value in canonical form. It is copied.</param>
    /// <param name="textDepth">An upper bound of the depth of the data.</param>
    /// <param name="linktree">The record, if the method returns <see langword="true"/>.</param>
    /// <param name="reason">The reason for the rejection, or <see cref="RejectionReason.None"/>.</param>
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
            _ when textDepth > MaxDepth && CanonicalValue.GetDepth(canonical) > MaxDepth => RejectionReason.TooDeep,
            _ when !LinktreeContent.TryRead(canonical, out content) => RejectionReason.Malformed,
            _ => RejectionReason.None,
        };
        if (reason is RejectionReason.None)
            linktree = new SignedLinktree(author, signature, canonical.ToArray(), content, LinktreeId.Compute(author, canonical));
        return linktree is not null;
    }

    /// <summary>Compares author, signature and data of two records.</summary>
    /// <param name="other">The record to compare with.</param>
    /// <returns><see langword="true"/> if they are equal byte by byte.</returns>
    public bool Equals([NotNullWhen(true)] SignedLinktree? other) =>
        other is not null && Id == other.Id && Author == other.Author && Signature == other.Signature && Data.Span.SequenceEqual(other.Data.Span);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as SignedLinktree);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Signature);

    /// <summary>Formats author, uuid and timestamp, for logs and debuggers.</summary>
    /// <returns>One line without the data.</returns>
    public override string ToString() => $"{Author}/{Uuid}@{Timestamp}";
}
