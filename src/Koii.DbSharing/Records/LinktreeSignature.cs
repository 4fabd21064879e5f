using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Serialization;
using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>A detached Ed25519 signature: 64 bytes, whose text form is base58.</summary>
/// <remarks>
/// <para>Any 64 bytes are a value. Whether they are valid for a record is decided by an
/// <see cref="ISignatureVerifier"/>. Values are immutable and are equal if their bytes are equal. The default value is
/// 64 zero bytes, which are not valid for any record.</para>
/// <para>In JSON a signature is a string that contains its text form.</para>
/// </remarks>
[JsonConverter(typeof(ParsableJsonConverter<LinktreeSignature>))]
public readonly struct LinktreeSignature
    : IEquatable<LinktreeSignature>, ISpanParsable<LinktreeSignature>, IUtf8SpanParsable<LinktreeSignature>, ISpanFormattable, IUtf8SpanFormattable
{
    /// <summary>The length of a signature in bytes.</summary>
    public const int Size = Bytes64.Size;

    private readonly Bytes64 _bytes;

    /// <summary>Creates a signature from its bytes.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes: R, then S (RFC 8032 §5.1.6).</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> has another length.</exception>
    public LinktreeSignature(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A signature has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = Bytes64.From(bytes);
    }

    /// <summary>
    /// Parses a signature in base58. For text from other nodes or users,
    /// <see cref="TryParse(ReadOnlySpan{char}, out LinktreeSignature)"/> avoids the exception.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <returns>The signature.</returns>
    /// <exception cref="FormatException">The text is not a signature.</exception>
    public static LinktreeSignature Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var signature)
            ? signature
            : throw new FormatException($"'{text}' is not a signature: it must be {Size} bytes in base58, without white space.");

    /// <summary>Parses a signature in base58 (Bitcoin alphabet, no checksum).</summary>
    /// <param name="text">The text. White space, other characters and other lengths are rejected.</param>
    /// <param name="signature">The signature, or the default value.</param>
    /// <returns><see langword="true"/> if the text is a signature.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out LinktreeSignature signature)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Base58Text.TryDecode(text, bytes);
        signature = parsed ? new LinktreeSignature(bytes) : default;
        return parsed;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out LinktreeSignature)"/>
    /// <param name="utf8Text">The text as UTF-8. White space, other characters and other lengths are rejected.</param>
    /// <param name="signature">The signature, or the default value.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8Text, out LinktreeSignature signature)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Base58Text.TryDecode(utf8Text, bytes);
        signature = parsed ? new LinktreeSignature(bytes) : default;
        return parsed;
    }

    /// <summary>Gets the bytes of the signature.</summary>
    /// <returns>A view of this value, <see cref="Size"/> bytes long.</returns>
    [UnscopedRef]
    public ReadOnlySpan<byte> AsSpan() => _bytes;

    /// <inheritdoc/>
    public bool Equals(LinktreeSignature other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is LinktreeSignature other && Equals(other);

    /// <summary>Gets a hash code that is seeded per process, because other parties choose the signatures.</summary>
    /// <returns>The hash code.</returns>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(AsSpan());
        return hash.ToHashCode();
    }

    /// <summary>Formats the signature in base58, as on the wire.</summary>
    /// <returns>64 to 88 characters.</returns>
    public override string ToString() => Base58Text.Encode(AsSpan());

    /// <summary>Formats the signature in base58 into a buffer.</summary>
    /// <param name="destination">The buffer.</param>
    /// <param name="charsWritten">The number of characters written.</param>
    /// <returns><see langword="false"/> if the buffer is too short.</returns>
    public bool TryFormat(Span<char> destination, out int charsWritten) => Base58Text.TryEncode(AsSpan(), destination, out charsWritten);

    /// <summary>Formats the signature in base58 into a buffer, as UTF-8.</summary>
    /// <param name="utf8Destination">The buffer.</param>
    /// <param name="bytesWritten">The number of bytes written.</param>
    /// <returns><see langword="false"/> if the buffer is too short.</returns>
    public bool TryFormat(Span<byte> utf8Destination, out int bytesWritten) => Base58Text.TryEncode(AsSpan(), utf8Destination, out bytesWritten);

    // There is one text form, so the members with a format and a provider ignore both.
    static LinktreeSignature IParsable<LinktreeSignature>.Parse(string s, IFormatProvider? provider) =>
        Parse(s ?? throw new ArgumentNullException(nameof(s)));

    static bool IParsable<LinktreeSignature>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out LinktreeSignature result) =>
        TryParse(s, out result);

    static LinktreeSignature ISpanParsable<LinktreeSignature>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s);

    static bool ISpanParsable<LinktreeSignature>.TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out LinktreeSignature result) =>
        TryParse(s, out result);

    static LinktreeSignature IUtf8SpanParsable<LinktreeSignature>.Parse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider) =>
        TryParse(utf8Text, out var signature) ? signature : Parse(Encoding.UTF8.GetString(utf8Text));

    static bool IUtf8SpanParsable<LinktreeSignature>.TryParse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider, out LinktreeSignature result) =>
        TryParse(utf8Text, out result);

    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => ToString();

    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        TryFormat(destination, out charsWritten);

    bool IUtf8SpanFormattable.TryFormat(Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        TryFormat(utf8Destination, out bytesWritten);

    /// <summary>Whether two signatures have the same bytes.</summary>
    public static bool operator ==(LinktreeSignature left, LinktreeSignature right) => left.Equals(right);

    /// <summary>Whether two signatures differ.</summary>
    public static bool operator !=(LinktreeSignature left, LinktreeSignature right) => !left.Equals(right);
}
