using System.Buffers.Binary;
using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;

namespace Koii.Ed25519;

/// <summary>
/// Caches decoded public keys, for use by one or more <see cref="Ed25519BatchVerifier"/> instances. A cached key saves
/// about an eighth of the time of its next signature in a batch and never changes a result.
/// </summary>
/// <remarks>
/// <para>The cache holds at most 2,048 keys, in about 340 kB that are allocated at once. The first bytes of a key
/// determine its only slot, and a new key replaces the one in its slot. Keys that are chosen to share a slot therefore
/// cost the others their benefit and nothing more.</para>
/// <para>It is safe for use by multiple threads.</para>
/// </remarks>
public sealed class Ed25519KeyCache
{
    internal const int Capacity = 2048;

    // A thread holds a lock for a copy of 150 bytes.
    private const int LockCount = 64;

    private readonly byte[] _encodings = new byte[Capacity * PointEncoding.Size];
    private readonly ulong[] _points = new ulong[Capacity * AffinePoint.Words];
    private readonly bool[] _isUsed = new bool[Capacity];
    private readonly Lock[] _locks = [.. Enumerable.Range(0, LockCount).Select(_ => new Lock())];

    /// <summary>Copies the words of a key's point if the key is cached.</summary>
    internal bool TryGet(ReadOnlySpan<byte> encoding, Span<ulong> point)
    {
        var slot = SlotOf(encoding);
        lock (_locks[slot % LockCount])
        {
            if (!_isUsed[slot] || !encoding.SequenceEqual(PointEncoding.At(_encodings, slot)))
                return false;
            AffinePoint.At(_points, slot).CopyTo(point);
            return true;
        }
    }

    /// <summary>Stores the words of the point of a valid key.</summary>
    internal void Set(ReadOnlySpan<byte> encoding, ReadOnlySpan<ulong> point)
    {
        var slot = SlotOf(encoding);
        lock (_locks[slot % LockCount])
        {
            encoding.CopyTo(_encodings.AsSpan(slot * PointEncoding.Size));
            point.CopyTo(AffinePoint.At(_points, slot));
            _isUsed[slot] = true;
        }
    }

    // The bytes of honest keys are uniformly distributed.
    private static int SlotOf(ReadOnlySpan<byte> encoding) => BinaryPrimitives.ReadUInt16LittleEndian(encoding) % Capacity;
}
