using System.Diagnostics.CodeAnalysis;
using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>
/// A detached Ed25519 signature: 64 bytes, written in base58. Any 64 bytes make one; whether it fits a record is for an
/// <c>ISignatureVerifier</c> to say. The default value is 64 zero bytes.
/// </summary>
public readonly struct LinktreeSignature : IEquatable<LinktreeSignature>
{
    /// <summary>The length of a signature in bytes.</summary>
    public const int Size = Bytes64.Size;

    private readonly Bytes64 _bytes;

    /// <summary>Makes a signature of its bytes.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes: R, then S (RFC 8032 §5.1.6).</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> has another length.</exception>
    public LinktreeSignature(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A signature has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = Bytes64.From(bytes);
    }

    /// <summary>Reads a signature from base58 (Bitcoin alphabet, no check sum).</summary>
    /// <param name="base58">The text. White space, other characters and other lengths are refused.</param>
    /// <param name="signature">The signature, or the default value.</param>
    /// <returns>Whether the text is a signature.</returns>
    public static bool TryParse(ReadOnlySpan<char> base58, out LinktreeSignature signature)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Base58Text.TryDecode(base58, bytes);
        signature = parsed ? new LinktreeSignature(bytes) : default;
        return parsed;
    }

    internal static bool TryParse(ReadOnlySpan<byte> base58, out LinktreeSignature signature)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var parsed = Base58Text.TryDecode(base58, bytes);
        signature = parsed ? new LinktreeSignature(bytes) : default;
        return parsed;
    }

    /// <summary>The bytes of the signature.</summary>
    /// <returns>A view of this value, <see cref="Size"/> bytes long.</returns>
    [UnscopedRef]
    public ReadOnlySpan<byte> AsSpan() => _bytes;

    /// <inheritdoc/>
    public bool Equals(LinktreeSignature other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is LinktreeSignature other && Equals(other);

    /// <summary>A hash that is seeded per process, since strangers choose their signatures.</summary>
    /// <returns>The hash code.</returns>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(AsSpan());
        return hash.ToHashCode();
    }

    /// <summary>The signature in base58, as it stands on the wire.</summary>
    /// <returns>64 to 88 characters.</returns>
    public override string ToString() => Base58Text.Encode(AsSpan());

    /// <summary>Whether two signatures have the same bytes.</summary>
    public static bool operator ==(LinktreeSignature left, LinktreeSignature right) => left.Equals(right);

    /// <summary>Whether two signatures differ.</summary>
    public static bool operator !=(LinktreeSignature left, LinktreeSignature right) => !left.Equals(right);
}
