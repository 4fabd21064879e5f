using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>
/// The record id of protocol §1: SHA-256 over a prefix, the author's key and the canonical bytes. The signature is no part
/// of it, so two signatures over the same bytes are one record. The default value is 32 zero bytes and names no record.
/// </summary>
public readonly struct LinktreeId : IEquatable<LinktreeId>, IComparable<LinktreeId>
{
    /// <summary>The length of an id in bytes.</summary>
    public const int Size = Bytes32.Size;

    private readonly Bytes32 _bytes;

    /// <summary>Makes an id of its bytes, as they come from a store or a message.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> has another length.</exception>
    public LinktreeId(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A record id has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = Bytes32.From(bytes);
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

        // One call over joined bytes: an incremental hash costs several allocations and three calls into the operating system's library.
        Span<byte> digest = stackalloc byte[Size];
        SHA256.HashData(message, digest);
        ArrayPool<byte>.Shared.Return(rented);
        return new LinktreeId(digest);
    }

    /// <summary>The bytes of the id.</summary>
    /// <returns>A view of this value, <see cref="Size"/> bytes long.</returns>
    [UnscopedRef]
    public ReadOnlySpan<byte> AsSpan() => _bytes;

    /// <summary>Compares two ids byte by byte from the first, each byte as an unsigned number.</summary>
    /// <param name="other">The id to compare with.</param>
    /// <returns>Negative, zero or positive.</returns>
    public int CompareTo(LinktreeId other) => AsSpan().SequenceCompareTo(other.AsSpan());

    /// <inheritdoc/>
    public bool Equals(LinktreeId other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is LinktreeId other && Equals(other);

    /// <summary>A hash that is seeded per process, since strangers can search for ids that collide.</summary>
    /// <returns>The hash code.</returns>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(AsSpan());
        return hash.ToHashCode();
    }

    /// <summary>The id in lower-case hexadecimal.</summary>
    /// <returns>64 characters.</returns>
    public override string ToString() => Convert.ToHexStringLower(AsSpan());

    /// <summary>Whether two ids have the same bytes.</summary>
    public static bool operator ==(LinktreeId left, LinktreeId right) => left.Equals(right);

    /// <summary>Whether two ids differ.</summary>
    public static bool operator !=(LinktreeId left, LinktreeId right) => !left.Equals(right);

    /// <summary>Whether the left id sorts before the right one.</summary>
    public static bool operator <(LinktreeId left, LinktreeId right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left id sorts after the right one.</summary>
    public static bool operator >(LinktreeId left, LinktreeId right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left id does not sort after the right one.</summary>
    public static bool operator <=(LinktreeId left, LinktreeId right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left id does not sort before the right one.</summary>
    public static bool operator >=(LinktreeId left, LinktreeId right) => left.CompareTo(right) >= 0;
}
