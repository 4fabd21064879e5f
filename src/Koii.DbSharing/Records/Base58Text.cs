using SimpleBase;

namespace Koii.DbSharing.Records;

/// <summary>Base58 of a known length: Bitcoin alphabet, no check sum, a leading <c>1</c> is a zero byte (protocol §1).</summary>
internal static class Base58Text
{
    /// <summary>Fills <paramref name="destination"/> exactly, or answers <see langword="false"/>; no input makes it throw.</summary>
    internal static bool TryDecode(ReadOnlySpan<char> text, Span<byte> destination)
    {
        // Decoding takes quadratic time, so the length is judged first: n bytes never need more than 1.366 n characters, nor fewer than n.
        if (text.Length < destination.Length || text.Length > (destination.Length * 138 / 100) + 1 || text.ContainsAnyExcept(Alphabet))
            return false;

        Span<byte> buffer = stackalloc byte[128];
        if (!Base58.Bitcoin.TryDecode(text, buffer, out var written) || written != destination.Length)
            return false;
        buffer[..written].CopyTo(destination);
        return true;
    }

    internal static string Encode(ReadOnlySpan<byte> bytes) => Base58.Bitcoin.Encode(bytes);

    private static readonly System.Buffers.SearchValues<char> Alphabet =
        System.Buffers.SearchValues.Create("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz");
}
