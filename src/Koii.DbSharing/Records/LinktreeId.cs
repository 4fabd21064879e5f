using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>The record id (protocol §1): 32 bytes, whose text form is hexadecimal.</summary>
/// <remarks>
/// <para>The id is the SHA-256 hash of a prefix, the author's key and the canonical bytes of the data. The signature is
/// not part of it, so two signatures of the same bytes belong to one record. Values are immutable, are equal if their
/// bytes are equal, and are ordered byte by byte. The default value is 32 zero bytes and does not identify any
/// record.</para>
/// <para>In JSON an id is a string that contains its text form.</para>
/// </remarks>
[JsonConverter(typeof(ParsableJsonConverter<LinktreeId>))]
public readonly struct LinktreeId
    : IEquatable<LinktreeId>, IComparable<LinktreeId>,
        ISpanParsable<LinktreeId>, IUtf8SpanParsable<LinktreeId>, ISpanFormattable, IUtf8SpanFormattable
{
    /// <summary>The length of an id in bytes.</summary>
    public const int Size = Bytes32.Size;

    private readonly Bytes32 _bytes;

    /// <summary>Creates an id from its bytes, for example those of a store or a message.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> has another length.</exception>
    public LinktreeId(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A record id has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = Bytes32.From(bytes);
    }

    /// <summary>
    /// Parses an id in hexadecimal. For text from other nodes or users,
    /// <see cref="TryParse(ReadOnlySpan{char}, out LinktreeId)"/> avoids the exception.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <returns>The id.</returns>
    /// <exception cref="FormatException">The text is not a record id.</exception>
    public static LinktreeId Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var id)
            ? id
            : throw new FormatException($"'{text}' is not a record id: it must be {2 * Size} hexadecimal digits, without white space.");

    /// <summary>Parses an id in hexadecimal.</summary>
    /// <param name="text">
    /// The text: 64 digits in upper or lower case. White space, prefixes and other lengths are rejected.
    /// </param>
    /// <param name="id">The id, or the default value.</param>
    /// <returns><see langword="true"/> if the text is a record id.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out LinktreeId id)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = text.Length == 2 * Size && Convert.FromHexString(text, bytes, out _, out _) is OperationStatus.Done;
        id = parsed ? new LinktreeId(bytes) : default;
        return parsed;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out LinktreeId)"/>
    /// <param name="utf8Text">
    /// The text as UTF-8: 64 digits in upper or lower case. White space, prefixes and other lengths are rejected.
    /// </param>
    /// <param name="id">The id, or the default value.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8Text, out LinktreeId id)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = utf8Text.Length == 2 * Size && Convert.FromHexString(utf8Text, bytes, out _, out _) is OperationStatus.Done;
        id = parsed ? new LinktreeId(bytes) : default;
        return parsed;
    }

    internal static LinktreeId Compute(PublicKey author, ReadOnlySpan<byte> canonical)
    {
        var prefix = "koii-dbsharing/1"u8;
        var length = prefix.Length + PublicKey.Size + canonical.Length;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        var message = rented.AsSpan(0, length);
        prefix.CopyTo(message);
        author.AsSpan().CopyTo(message[prefix.Length..]);
        canonical.CopyTo(message[(prefix.Length + PublicKey.Size)..]);

        // One call over concatenated bytes: an incremental hash needs several allocations and three calls into the
        // operating system's library.
        Span<byte> digest = stackalloc byte[Size];
        SHA256.HashData(message, digest);
        ArrayPool<byte>.Shared.Return(rented);
        return new LinktreeId(digest);
    }

    /// <summary>Gets the bytes of the id.</summary>
    /// <returns>A view of this value, <see cref="Size"/> bytes long.</returns>
    [UnscopedRef]
    public ReadOnlySpan<byte> AsSpan() => _bytes;

    /// <summary>Compares two ids byte by byte from the first, each byte as an unsigned number.</summary>
    /// <param name="other">The id to compare with.</param>
    /// <returns>A negative number, zero, or a positive number.</returns>
    public int CompareTo(LinktreeId other) => AsSpan().SequenceCompareTo(other.AsSpan());

    /// <inheritdoc/>
    public bool Equals(LinktreeId other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is LinktreeId other && Equals(other);

    /// <summary>
    /// Gets a hash code that is seeded per process, because other parties can search for ids that collide.
    /// </summary>
    /// <returns>The hash code.</returns>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(AsSpan());
        return hash.ToHashCode();
    }

    /// <summary>Formats the id in lower-case hexadecimal.</summary>
    /// <returns>64 characters.</returns>
    public override string ToString() => Convert.ToHexStringLower(AsSpan());

    /// <summary>Formats the id in lower-case hexadecimal into a buffer.</summary>
    /// <param name="destination">The buffer.</param>
    /// <param name="charsWritten">The number of characters written.</param>
    /// <returns><see langword="false"/> if the buffer is shorter than 64 characters.</returns>
    public bool TryFormat(Span<char> destination, out int charsWritten) => Convert.TryToHexStringLower(AsSpan(), destination, out charsWritten);

    /// <summary>Formats the id in lower-case hexadecimal into a buffer, as UTF-8.</summary>
    /// <param name="utf8Destination">The buffer.</param>
    /// <param name="bytesWritten">The number of bytes written.</param>
    /// <returns><see langword="false"/> if the buffer is shorter than 64 bytes.</returns>
    public bool TryFormat(Span<byte> utf8Destination, out int bytesWritten) =>
        Convert.TryToHexStringLower(AsSpan(), utf8Destination, out bytesWritten);

    // There is one text form, so the members with a format and a provider ignore both.
    static LinktreeId IParsable<LinktreeId>.Parse(string s, IFormatProvider? provider) => Parse(s ?? throw new ArgumentNullException(nameof(s)));

    static bool IParsable<LinktreeId>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out LinktreeId result) =>
        TryParse(s, out result);

    static LinktreeId ISpanParsable<LinktreeId>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s);

    static bool ISpanParsable<LinktreeId>.TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out LinktreeId result) => TryParse(s, out result);

    static LinktreeId IUtf8SpanParsable<LinktreeId>.Parse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider) =>
        TryParse(utf8Text, out var id) ? id : Parse(Encoding.UTF8.GetString(utf8Text));

    static bool IUtf8SpanParsable<LinktreeId>.TryParse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider, out LinktreeId result) =>
        TryParse(utf8Text, out result);

    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => ToString();

    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        TryFormat(destination, out charsWritten);

    bool IUtf8SpanFormattable.TryFormat(Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        TryFormat(utf8Destination, out bytesWritten);

    /// <summary>Whether two ids have the same bytes.</summary>
    public static bool operator ==(LinktreeId left, LinktreeId right) => left.Equals(right);

    /// <summary>Whether two ids differ.</summary>
    public static bool operator !=(LinktreeId left, LinktreeId right) => !left.Equals(right);

    /// <summary>Whether the left id sorts before the right one.</summary>
    public static bool operator <(LinktreeId left, LinktreeId right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left id sorts after the right one.</summary>
    public static bool operator >(LinktreeId left, LinktreeId right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left id sorts before the right one or equals it.</summary>
    public static bool operator <=(LinktreeId left, LinktreeId right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left id sorts after the right one or equals it.</summary>
    public static bool operator >=(LinktreeId left, LinktreeId right) => left.CompareTo(right) >= 0;
}
