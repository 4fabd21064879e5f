using System.Diagnostics.CodeAnalysis;
using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>
/// An author's Ed25519 public key: 32 bytes, written in base58. Any 32 bytes make one; whether they are a usable point of
/// the curve is for the signature rule to say (protocol §2). The default value is 32 zero bytes, a key that no signature fits.
/// </summary>
public readonly struct PublicKey : IEquatable<PublicKey>
{
    /// <summary>The length of a key in bytes.</summary>
    public const int Size = Bytes32.Size;

    private readonly Bytes32 _bytes;

    /// <summary>Makes a key of its bytes.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> has another length.</exception>
    public PublicKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A public key has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = Bytes32.From(bytes);
    }

    /// <summary>Reads a key from base58, for keys that an application names itself. What comes from others is for <see cref="TryParse(ReadOnlySpan{char}, out PublicKey)"/>.</summary>
    /// <param name="base58">The text.</param>
    /// <returns>The key.</returns>
    /// <exception cref="FormatException">The text is no key.</exception>
    public static PublicKey Parse(ReadOnlySpan<char> base58) =>
        TryParse(base58, out var key) ? key : throw new FormatException($"'{base58}' is no public key: it must be {Size} bytes in base58, without white space.");

    /// <summary>Reads a key from base58 (Bitcoin alphabet, no check sum).</summary>
    /// <param name="base58">The text. White space, other characters and other lengths are refused.</param>
    /// <param name="key">The key, or the default value.</param>
    /// <returns>Whether the text is a key.</returns>
    public static bool TryParse(ReadOnlySpan<char> base58, out PublicKey key)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Base58Text.TryDecode(base58, bytes);
        key = parsed ? new PublicKey(bytes) : default;
        return parsed;
    }

    internal static bool TryParse(ReadOnlySpan<byte> base58, out PublicKey key)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Base58Text.TryDecode(base58, bytes);
        key = parsed ? new PublicKey(bytes) : default;
        return parsed;
    }

    /// <summary>The bytes of the key.</summary>
    /// <returns>A view of this value, <see cref="Size"/> bytes long.</returns>
    [UnscopedRef]
    public ReadOnlySpan<byte> AsSpan() => _bytes;

    /// <inheritdoc/>
    public bool Equals(PublicKey other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is PublicKey other && Equals(other);

    /// <summary>A hash that is seeded per process, since strangers choose their keys.</summary>
    /// <returns>The hash code.</returns>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(AsSpan());
        return hash.ToHashCode();
    }

    /// <summary>The key in base58, as it stands on the wire.</summary>
    /// <returns>32 to 44 characters.</returns>
    public override string ToString() => Base58Text.Encode(AsSpan());

    /// <summary>Whether two keys have the same bytes.</summary>
    public static bool operator ==(PublicKey left, PublicKey right) => left.Equals(right);

    /// <summary>Whether two keys differ.</summary>
    public static bool operator !=(PublicKey left, PublicKey right) => !left.Equals(right);
}
