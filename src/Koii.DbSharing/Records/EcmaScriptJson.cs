using System.Text.Unicode;

namespace Koii.DbSharing.Records;

/// <summary>
/// The canonical form of protocol §1: for a JSON text, the UTF-8 bytes of <c>JSON.stringify(JSON.parse(text))</c>. It works from bytes to bytes
/// in one pass without a document tree, calls nothing recursively, and throws for no input. Time is linear in the text (times the depth, where
/// somebody repeats or numbers keys at every level); memory is a small multiple of it.
/// </summary>
internal static class EcmaScriptJson
{
    /// <summary>A longer text is refused unread. Far above anything a list or a request may carry, and low enough that no length overflows.</summary>
    internal const int MaxTextBytes = 64 * 1024 * 1024;

    /// <summary>Brings a text into its canonical form.</summary>
    /// <param name="text">The JSON text as UTF-8. As for <c>JSON.parse</c>, a byte order mark is no part of JSON.</param>
    /// <param name="maxDepth">How many levels of objects and arrays the text may have; a scalar has none.</param>
    /// <returns>
    /// The canonical bytes, or <see cref="RejectionReason.Malformed"/>, <see cref="RejectionReason.TooDeep"/> or <see cref="RejectionReason.TooLarge"/>.
    /// It must be disposed of, once.
    /// </returns>
    internal static CanonicalJson Canonicalize(ReadOnlySpan<byte> text, int maxDepth)
    {
        if (text.Length > MaxTextBytes)
            return new CanonicalJson(RejectionReason.TooLarge);
        if (!Utf8.IsValid(text))
            return new CanonicalJson(RejectionReason.Malformed);

        var canonicalizer = new JsonCanonicalizer(text, maxDepth, stackalloc int[64], stackalloc JsonMember[32]);
        return canonicalizer.Run();
    }
}
