using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Koii.DbSharing.Records;

/// <summary>
/// A universal hash of bytes: a polynomial over the prime field 2^61−1, evaluated at a point that is random per
/// process. The author of a text cannot predict which keys collide, so no text makes the table of its keys slow.
/// <see cref="HashCode"/> does not guarantee that.
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
