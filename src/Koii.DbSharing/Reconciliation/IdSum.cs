using System.Buffers.Binary;
using System.Security.Cryptography;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// How many ids there are, and their sum as little-endian 256-bit integers modulo 2^256: all that a fingerprint is made of (protocol §5).
/// Adding and subtracting commute, so a set may change in any order.
/// </summary>
internal struct IdSum
{
    private const int LimbSize = sizeof(ulong);

    // Least significant first.
    private ulong _limb0, _limb1, _limb2, _limb3;

    /// <summary>How many ids were added and not subtracted again.</summary>
    internal long Count { get; private set; }

    internal void Add(LinktreeId id)
    {
        var bytes = id.AsSpan();
        var carry = 0UL;
        _limb0 = AddLimbs(_limb0, Limb(bytes, 0), ref carry);
        _limb1 = AddLimbs(_limb1, Limb(bytes, 1), ref carry);
        _limb2 = AddLimbs(_limb2, Limb(bytes, 2), ref carry);
        _limb3 = AddLimbs(_limb3, Limb(bytes, 3), ref carry);
        Count++;
    }

    internal void Subtract(LinktreeId id)
    {
        // a − b = a + ~b + 1 modulo 2^256.
        var bytes = id.AsSpan();
        var carry = 1UL;
        _limb0 = AddLimbs(_limb0, ~Limb(bytes, 0), ref carry);
        _limb1 = AddLimbs(_limb1, ~Limb(bytes, 1), ref carry);
        _limb2 = AddLimbs(_limb2, ~Limb(bytes, 2), ref carry);
        _limb3 = AddLimbs(_limb3, ~Limb(bytes, 3), ref carry);
        Count--;
    }

    /// <summary>The first 16 bytes of SHA-256( sum, 32 bytes little-endian ‖ Varint(count) ), read as a big-endian number.</summary>
    internal readonly UInt128 ToFingerprint()
    {
        Span<byte> input = stackalloc byte[LinktreeId.Size + MaxVarintSize];
        BinaryPrimitives.WriteUInt64LittleEndian(input, _limb0);
        BinaryPrimitives.WriteUInt64LittleEndian(input[LimbSize..], _limb1);
        BinaryPrimitives.WriteUInt64LittleEndian(input[(2 * LimbSize)..], _limb2);
        BinaryPrimitives.WriteUInt64LittleEndian(input[(3 * LimbSize)..], _limb3);
        var length = LinktreeId.Size + WriteVarint(input[LinktreeId.Size..], (ulong)Count);

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input[..length], digest);
        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }

    private const int MaxVarintSize = 10;

    /// <summary>Base 128, most significant digit first, 0x80 set on all digits but the last.</summary>
    private static int WriteVarint(Span<byte> destination, ulong value)
    {
        var size = 1;
        for (var rest = value >> 7; rest != 0; rest >>= 7)
            size++;
        for (var i = size - 1; i >= 0; i--, value >>= 7)
            destination[i] = (byte)((value & 0x7F) | (i == size - 1 ? 0u : 0x80u));
        return size;
    }

    private static ulong Limb(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[(index * LimbSize)..]);

    private static ulong AddLimbs(ulong left, ulong right, ref ulong carry)
    {
        var sum = (UInt128)left + right + carry;
        carry = (ulong)(sum >> 64);
        return (ulong)sum;
    }
}
