using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>
/// Reads records in their wire forms (protocol §1 and §4) and validates everything except the signature.
/// </summary>
/// <remarks>
/// All members are safe for use by multiple threads. To validate the signature, use an
/// <see cref="ISignatureVerifier"/>.
/// </remarks>
public static class LinktreeReader
{
    /// <summary>
    /// Reads one record: an object that has a member <c>data</c>, or an object without one whose member <c>value</c> is
    /// such an object. Other members are ignored. If a member is repeated, its last value counts, as in
    /// <c>JSON.parse</c>.
    /// </summary>
    /// <param name="envelope">The JSON text as UTF-8; it need not be canonical.</param>
    /// <param name="linktree">The record, if the method returns <see langword="true"/>.</param>
    /// <param name="reason">The reason for the rejection, or <see cref="RejectionReason.None"/>.</param>
    /// <returns><see langword="true"/> if the text is a well-formed record. No text causes an exception.</returns>
    public static bool TryRead(ReadOnlySpan<byte> envelope, [NotNullWhen(true)] out SignedLinktree? linktree, out RejectionReason reason)
    {
        linktree = null;

        // Only an object can be a record. Testing this first keeps a list of a million numbers cheap.
        if (envelope.TrimStart(" \t\n\r"u8) is not [(byte)'{', ..])
        {
            reason = RejectionReason.Malformed;
            return false;
        }

        using var canonical = CanonicalJson.Create(envelope, SignedLinktree.MaxTextDepth);
        reason = canonical.Reason;
        return reason is RejectionReason.None && TryReadCanonical(canonical, out linktree, out reason);
    }

    /// <summary>
    /// Reads the record in a member of an object, as in a submission (protocol §3). Otherwise the method behaves like
    /// <see cref="TryRead"/>.
    /// </summary>
    /// <param name="json">The text of the object as UTF-8; it need not be canonical.</param>
    /// <param name="name">The member's name in canonical form, without quotes.</param>
    /// <param name="linktree">The record, if the method returns <see langword="true"/>.</param>
    /// <param name="reason">The reason for the rejection, or <see cref="RejectionReason.None"/>.</param>
    /// <returns>Whether the member is a well-formed record. No text makes this method throw.</returns>
    internal static bool TryReadMember(
        ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, [NotNullWhen(true)] out SignedLinktree? linktree, out RejectionReason reason)
    {
        linktree = null;
        using var canonical = CanonicalJson.Create(json, SignedLinktree.MaxTextDepth);
        reason = canonical.Reason;
        if (reason is not RejectionReason.None)
            return false;

        reason = RejectionReason.Malformed;
        if (canonical.Bytes is not [(byte)'{', ..])
            return false;
        var members = new CanonicalObjectReader(canonical.Bytes);
        while (members.Read())
        {
            if (members.Key.SequenceEqual(name))
                return members.Value is [(byte)'{', ..]
                    && TryReadEnvelope(new Envelope(members.Value), canonical.TextDepth, out linktree, out reason);
        }

        return false;
    }

    /// <summary>
    /// Reads a list page by page while it arrives. A malformed element does not affect the others. Any input yields
    /// pages, the last of which states how the list ended. Bytes after the closing bracket are not read.
    /// </summary>
    /// <param name="stream">The list as UTF-8, with or without a byte order mark. The method does not close it.</param>
    /// <param name="limits">The limits of the list.</param>
    /// <param name="cancellationToken">Cancels reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// At least one page. Before an exception of the stream or a cancellation is thrown, the elements read so far are
    /// returned as a page.
    /// </returns>
    internal static async IAsyncEnumerable<LinktreeListPage> ReadListAsync(
        Stream stream, ListLimits limits, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var elements = new JsonArrayReader(stream, limits);
        var page = new LinktreeListPageBuilder();
        while (elements.End is ListEnd.More)
        {
            while (elements.TryRead(out var element, out var tooLarge))
            {
                if (tooLarge)
                    page.AddTooLarge();
                else
                    page.Add(element);
                if (page.IsFull)
                    yield return page.Build(ListEnd.More);
            }

            // The bytes that were read can fill a page without completing an element.
            if (page.IsFull)
                yield return page.Build(ListEnd.More);

            ExceptionDispatchInfo? failure = null;
            try
            {
                page.AddBytes(await elements.FillAsync(cancellationToken).ConfigureAwait(false));
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }

            if (failure is null)
                continue;
            if (!page.IsEmpty)
                yield return page.Build(ListEnd.More);
            failure.Throw();
        }

        yield return page.Build(elements.End);
    }

    private static bool TryReadCanonical(in CanonicalJson canonical, [NotNullWhen(true)] out SignedLinktree? linktree, out RejectionReason reason)
    {
        var record = new Envelope(canonical.Bytes);
        if (record.Data.IsEmpty && record.Value is [(byte)'{', ..])
            record = new Envelope(record.Value);
        return TryReadEnvelope(record, canonical.TextDepth, out linktree, out reason);
    }

    private static bool TryReadEnvelope(
        in Envelope record, int textDepth, [NotNullWhen(true)] out SignedLinktree? linktree, out RejectionReason reason)
    {
        linktree = null;
        reason = RejectionReason.Malformed;
        if (record.Data is not [(byte)'{', ..])
            return false;
        reason = RejectionReason.BadPublicKey;
        if (!CanonicalValue.TryGetString(record.PublicKey, out var base58) || !PublicKey.TryParse(base58, out var author))
            return false;
        reason = RejectionReason.BadSignatureEncoding;
        if (!CanonicalValue.TryGetString(record.Signature, out base58) || !LinktreeSignature.TryParse(base58, out var signature))
            return false;
        return SignedLinktree.TryCreateCanonical(author, signature, record.Data, textDepth, out linktree, out reason);
    }

    /// <summary>The members of an envelope that the library reads; each is empty if it is missing.</summary>
    private readonly ref struct Envelope
    {
        internal Envelope(ReadOnlySpan<byte> canonicalObject)
        {
            var members = new CanonicalObjectReader(canonicalObject);
            while (members.Read())
            {
                if (members.Key.SequenceEqual("data"u8))
                    Data = members.Value;
                else if (members.Key.SequenceEqual("publicKey"u8))
                    PublicKey = members.Value;
                else if (members.Key.SequenceEqual("signature"u8))
                    Signature = members.Value;
                else if (members.Key.SequenceEqual("value"u8))
                    Value = members.Value;
            }
        }

        internal ReadOnlySpan<byte> Data { get; }

        internal ReadOnlySpan<byte> PublicKey { get; }

        internal ReadOnlySpan<byte> Signature { get; }

        internal ReadOnlySpan<byte> Value { get; }
    }
}
