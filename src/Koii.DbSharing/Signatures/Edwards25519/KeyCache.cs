using System.Buffers.Binary;
using Koii.DbSharing.Signatures.Edwards25519.Vectors;

namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>
/// Remembers decoded keys, as authors come back: with each edit, and from each peer. It holds a fixed number, each at the one place that its bytes name; a newcomer takes
/// the place of who was there. Who picks keys to meet at one place costs others a decoding and nothing more. Safe for use by many threads.
/// </summary>
internal sealed class KeyCache
{
    /// <summary>How many keys it holds: about 340 kB when all places are taken.</summary>
    internal const int Capacity = 2048;

    // Threads that meet at a lock wait for a copy of 150 bytes.
    private const int LockCount = 64;

    private readonly byte[] _encodings = new byte[Capacity * PointEncoding.Size];
    private readonly ulong[] _points = new ulong[Capacity * AffinePoint.Words];
    private readonly bool[] _taken = new bool[Capacity];
    private readonly Lock[] _locks = [.. Enumerable.Range(0, LockCount).Select(_ => new Lock())];

    /// <summary>Copies the words of a key's point, if they are remembered.</summary>
    internal bool TryGet(ReadOnlySpan<byte> encoding, Span<ulong> point)
    {
        var place = PlaceOf(encoding);
        lock (_locks[place % LockCount])
        {
            if (!_taken[place] || !encoding.SequenceEqual(PointEncoding.At(_encodings, place)))
                return false;
            AffinePoint.At(_points, place).CopyTo(point);
            return true;
        }
    }

    /// <summary>Remembers the point of a key that was decoded.</summary>
    internal void Remember(ReadOnlySpan<byte> encoding, ReadOnlySpan<ulong> point)
    {
        var place = PlaceOf(encoding);
        lock (_locks[place % LockCount])
        {
            encoding.CopyTo(_encodings.AsSpan(place * PointEncoding.Size));
            point.CopyTo(AffinePoint.At(_points, place));
            _taken[place] = true;
        }
    }

    // Honest keys are as good as random.
    private static int PlaceOf(ReadOnlySpan<byte> encoding) => BinaryPrimitives.ReadUInt16LittleEndian(encoding) % Capacity;
}
