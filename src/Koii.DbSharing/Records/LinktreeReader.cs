using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>Reads records as they come over the wire (protocol §1 and §4), in any form a node is known to send. It judges everything but the signature.</summary>
public static class LinktreeReader
{
    /// <summary>
    /// Reads one record: an object with a member <c>data</c>, or an object without one whose <c>value</c> is such an object. Other members are
    /// ignored, and of a repeated member the last one counts, as in <c>JSON.parse</c>.
    /// </summary>
    /// <param name="envelope">The JSON text as UTF-8; it need not be canonical.</param>
    /// <param name="linktree">The record, when the method returns <see langword="true"/>.</param>
    /// <param name="reason">Why there is none, else <see cref="RejectionReason.None"/>.</param>
    /// <returns>Whether the text is a well-formed record. No text makes this method throw.</returns>
    public static bool TryRead(ReadOnlySpan<byte> envelope, [NotNullWhen(true)] out SignedLinktree? linktree, out RejectionReason reason)
    {
        linktree = null;

        // Only an object can be a record, and looking first keeps a list of a million numbers cheap.
        if (envelope.TrimStart(" \t\n\r"u8) is not [(byte)'{', ..])
        {
            reason = RejectionReason.Malformed;
            return false;
        }

        using var canonical = EcmaScriptJson.Canonicalize(envelope, SignedLinktree.MaxTextDepth);
        reason = canonical.Reason;
        return reason is RejectionReason.None && TryReadCanonical(canonical, out linktree, out reason);
    }

    /// <summary>Reads the record that an object holds under a name, as a submission does (protocol §3). It is otherwise like <see cref="TryRead"/>.</summary>
    /// <param name="holder">The JSON text as UTF-8; it need not be canonical.</param>
    /// <param name="name">The member's name, which needs no escaping.</param>
    /// <param name="linktree">The record, when the method returns <see langword="true"/>.</param>
    /// <param name="reason">Why there is none, else <see cref="RejectionReason.None"/>.</param>
    /// <returns>Whether the member is a well-formed record. No text makes this method throw.</returns>
    internal static bool TryReadMember(
        ReadOnlySpan<byte> holder, ReadOnlySpan<byte> name, [NotNullWhen(true)] out SignedLinktree? linktree, out RejectionReason reason)
    {
        linktree = null;
        using var canonical = EcmaScriptJson.Canonicalize(holder, SignedLinktree.MaxTextDepth);
        reason = canonical.Reason;
        if (reason is not RejectionReason.None)
            return false;

        reason = RejectionReason.Malformed;
        if (canonical.Bytes is not [(byte)'{', ..])
            return false;
        var members = new CanonicalMembers(canonical.Bytes);
        while (members.MoveNext())
        {
            if (members.Key.SequenceEqual(name))
                return members.Value is [(byte)'{', ..] && TryReadEnvelope(new Envelope(members.Value), canonical.TextDepth, out linktree, out reason);
        }

        return false;
    }

    /// <summary>
    /// Reads a list as it arrives, page by page. A bad element costs itself only. Whatever the bytes are, the answer is pages, of which the last
    /// says how the list ended; bytes after the closing bracket are not looked at.
    /// </summary>
    /// <param name="stream">The list as UTF-8, perhaps with a byte order mark. It stays open.</param>
    /// <param name="limits">What the list may cost.</param>
    /// <param name="cancellationToken">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    /// <returns>One page at least. When the stream throws or the reading is cancelled, what came before is delivered first as a page of its own.</returns>
    internal static async IAsyncEnumerable<LinktreeListPage> ReadListAsync(
        Stream stream, LinktreeListLimits limits, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var elements = new JsonArrayReader(stream, limits);
        var page = new LinktreeListPageBuilder();
        while (elements.End is LinktreeListEnd.More)
        {
            while (elements.TryRead(out var element, out var tooLarge))
            {
                if (tooLarge)
                    page.AddTooLarge();
                else
                    page.Add(element);
                if (page.IsFull)
                    yield return page.Take(LinktreeListEnd.More);
            }

            // What has arrived may fill a page and end no element.
            if (page.IsFull)
                yield return page.Take(LinktreeListEnd.More);

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
                yield return page.Take(LinktreeListEnd.More);
            failure.Throw();
        }

        yield return page.Take(elements.End);
    }

    private static bool TryReadCanonical(in CanonicalJson canonical, [NotNullWhen(true)] out SignedLinktree? linktree, out RejectionReason reason)
    {
        var record = new Envelope(canonical.Bytes);
        if (record.Data.IsEmpty && record.Value is [(byte)'{', ..])
            record = new Envelope(record.Value);
        return TryReadEnvelope(record, canonical.TextDepth, out linktree, out reason);
    }

    private static bool TryReadEnvelope(in Envelope record, int textDepth, [NotNullWhen(true)] out SignedLinktree? linktree, out RejectionReason reason)
    {
        linktree = null;
        reason = RejectionReason.Malformed;
        if (record.Data is not [(byte)'{', ..])
            return false;
        reason = RejectionReason.BadPublicKey;
        if (!CanonicalString.TryGetContent(record.PublicKey, out var base58) || !PublicKey.TryParse(base58, out var author))
            return false;
        reason = RejectionReason.BadSignatureEncoding;
        if (!CanonicalString.TryGetContent(record.Signature, out base58) || !LinktreeSignature.TryParse(base58, out var signature))
            return false;
        return SignedLinktree.TryCreateCanonical(author, signature, record.Data, textDepth, out linktree, out reason);
    }

    /// <summary>The members of an envelope that count, each empty where it is missing.</summary>
    private readonly ref struct Envelope
    {
        internal Envelope(ReadOnlySpan<byte> canonicalObject)
        {
            var members = new CanonicalMembers(canonicalObject);
            while (members.MoveNext())
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
