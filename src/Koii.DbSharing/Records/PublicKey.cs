using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Serialization;
using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>An author's Ed25519 public key: 32 bytes, whose text form is base58.</summary>
/// <remarks>
/// <para>Any 32 bytes are a value. Whether they encode a valid point of the curve is decided by the signature rule
/// (protocol §2). Values are immutable and are equal if their bytes are equal. The default value is 32 zero bytes, a
/// key for which no signature is valid.</para>
/// <para>In JSON a key is a string that contains its text form.</para>
/// </remarks>
[JsonConverter(typeof(ParsableJsonConverter<PublicKey>))]
public readonly struct PublicKey
    : IEquatable<PublicKey>, ISpanParsable<PublicKey>, IUtf8SpanParsable<PublicKey>, ISpanFormattable, IUtf8SpanFormattable
{
    /// <summary>The length of a public key in bytes.</summary>
    public const int Size = Bytes32.Size;

    private readonly Bytes32 _bytes;

    /// <summary>Creates a public key from its bytes.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> has another length.</exception>
    public PublicKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A public key has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = Bytes32.From(bytes);
    }

    /// <summary>
    /// Parses a public key in base58. For text from other nodes or users,
    /// <see cref="TryParse(ReadOnlySpan{char}, out PublicKey)"/> avoids the exception.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <returns>The key.</returns>
    /// <exception cref="FormatException">The text is not a public key.</exception>
    public static PublicKey Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var key)
            ? key
            : throw new FormatException($"'{text}' is not a public key: it must be {Size} bytes in base58, without white space.");

    /// <summary>Parses a public key in base58 (Bitcoin alphabet, no checksum).</summary>
    /// <param name="text">The text. White space, other characters and other lengths are rejected.</param>
    /// <param name="key">The key, or the default value.</param>
    /// <returns><see langword="true"/> if the text is a public key.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out PublicKey key)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Base58Text.TryDecode(text, bytes);
        key = parsed ? new PublicKey(bytes) : default;
        return parsed;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out PublicKey)"/>
    /// <param name="utf8Text">The text as UTF-8. White space, other characters and other lengths are rejected.</param>
    /// <param name="key">The key, or the default value.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8Text, out PublicKey key)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Base58Text.TryDecode(utf8Text, bytes);
        key = parsed ? new PublicKey(bytes) : default;
        return parsed;
    }

    /// <summary>Gets the bytes of the key.</summary>
    /// <returns>A view of this value, <see cref="Size"/> bytes long.</returns>
    [UnscopedRef]
    public ReadOnlySpan<byte> AsSpan() => _bytes;

    /// <inheritdoc/>
    public bool Equals(PublicKey other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is PublicKey other && Equals(other);

    /// <summary>Gets a hash code that is seeded per process, because other parties choose the keys.</summary>
    /// <returns>The hash code.</returns>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(AsSpan());
        return hash.ToHashCode();
    }

    /// <summary>Formats the key in base58, as on the wire.</summary>
    /// <returns>32 to 44 characters.</returns>
    public override string ToString() => Base58Text.Encode(AsSpan());

    /// <summary>Formats the key in base58 into a buffer.</summary>
    /// <param name="destination">The buffer.</param>
    /// <param name="charsWritten">The number of characters written.</param>
    /// <returns><see langword="false"/> if the buffer is too short.</returns>
    public bool TryFormat(Span<char> destination, out int charsWritten) => Base58Text.TryEncode(AsSpan(), destination, out charsWritten);

    /// <summary>Formats the key in base58 into a buffer, as UTF-8.</summary>
    /// <param name="utf8Destination">The buffer.</param>
    /// <param name="bytesWritten">The number of bytes written.</param>
    /// <returns><see langword="false"/> if the buffer is too short.</returns>
    public bool TryFormat(Span<byte> utf8Destination, out int bytesWritten) => Base58Text.TryEncode(AsSpan(), utf8Destination, out bytesWritten);

    // There is one text form, so the members with a format and a provider ignore both.
    static PublicKey IParsable<PublicKey>.Parse(string s, IFormatProvider? provider) => Parse(s ?? throw new ArgumentNullException(nameof(s)));

    static bool IParsable<PublicKey>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out PublicKey result) =>
        TryParse(s, out result);

    static PublicKey ISpanParsable<PublicKey>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s);

    static bool ISpanParsable<PublicKey>.TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out PublicKey result) => TryParse(s, out result);

    static PublicKey IUtf8SpanParsable<PublicKey>.Parse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider) =>
        TryParse(utf8Text, out var key) ? key : Parse(Encoding.UTF8.GetString(utf8Text));

    static bool IUtf8SpanParsable<PublicKey>.TryParse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider, out PublicKey result) =>
        TryParse(utf8Text, out result);

    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => ToString();

    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        TryFormat(destination, out charsWritten);

    bool IUtf8SpanFormattable.TryFormat(Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        TryFormat(utf8Destination, out bytesWritten);

    /// <summary>Whether two keys have the same bytes.</summary>
    public static bool operator ==(PublicKey left, PublicKey right) => left.Equals(right);

    /// <summary>Whether two keys differ.</summary>
    public static bool operator !=(PublicKey left, PublicKey right) => !left.Equals(right);
}
