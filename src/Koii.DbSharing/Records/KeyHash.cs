using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Koii.DbSharing.Records;

/// <summary>
/// A universal hash of bytes: a polynomial over the prime field 2^61−1 at a point drawn per process. Whoever writes the keys cannot know which
/// of them collide, so nobody can make a table of keys slow; the mixing of <see cref="HashCode"/> gives no such bound.
/// </summary>
internal static class KeyHash
{
    private const ulong Prime = (1UL << 61) - 1;

    private static readonly ulong Point = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))) & Prime;

    internal static ulong Compute(ReadOnlySpan<byte> bytes)
    {
        var hash = (ulong)bytes.Length;
        while (bytes.Length >= sizeof(uint))
        {
            hash = Step(hash, BinaryPrimitives.ReadUInt32LittleEndian(bytes));
            bytes = bytes[sizeof(uint)..];
        }

        var last = 0u;
        foreach (var value in bytes)
            last = (last << 8) | value;
        return Step(hash, last);
    }

    private static ulong Step(ulong hash, uint word)
    {
        var high = Math.BigMul(hash + word, Point, out var low);
        var sum = (low & Prime) + ((low >> 61) | (high << 3));
        sum = (sum & Prime) + (sum >> 61);
        return sum >= Prime ? sum - Prime : sum;
    }
}
