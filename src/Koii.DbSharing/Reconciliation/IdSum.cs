using System.Buffers.Binary;
using System.Security.Cryptography;
using Koii.DbSharing.Reconciliation.Messages;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// The count of ids and their sum, as little-endian 256-bit integers modulo 2^256: the input of a fingerprint (protocol
/// §5).
/// </summary>
/// <remarks>
/// Addition and subtraction commute, so a set may change in any order, and the sum of a range is the difference of the
/// sums before its two bounds.
/// </remarks>
internal struct IdSum
{
    private const int LimbSize = sizeof(ulong);

    // Least significant limb first.
    private ulong _limb0, _limb1, _limb2, _limb3;

    /// <summary>The fingerprint of an empty set.</summary>
    public static UInt128 EmptyFingerprint { get; } = default(IdSum).ToFingerprint();

    /// <summary>The number of ids that were added, minus those that were subtracted.</summary>
    public long Count { get; private set; }

    public void Add(LinktreeId id)
    {
        var bytes = id.AsSpan();
        Add(Limb(bytes, 0), Limb(bytes, 1), Limb(bytes, 2), Limb(bytes, 3), carry: 0);
        Count++;
    }

    public void Subtract(LinktreeId id)
    {
        // a − b = a + ~b + 1 modulo 2^256.
        var bytes = id.AsSpan();
        Add(~Limb(bytes, 0), ~Limb(bytes, 1), ~Limb(bytes, 2), ~Limb(bytes, 3), carry: 1);
        Count--;
    }

    public readonly IdSum With(LinktreeId id)
    {
        var sum = this;
        sum.Add(id);
        return sum;
    }

    public readonly IdSum Without(LinktreeId id)
    {
        var sum = this;
        sum.Subtract(id);
        return sum;
    }

    public static IdSum operator +(IdSum left, IdSum right)
    {
        left.Add(right._limb0, right._limb1, right._limb2, right._limb3, carry: 0);
        left.Count += right.Count;
        return left;
    }

    public static IdSum operator -(IdSum left, IdSum right)
    {
        left.Add(~right._limb0, ~right._limb1, ~right._limb2, ~right._limb3, carry: 1);
        left.Count -= right.Count;
        return left;
    }

    /// <summary>
    /// Computes the fingerprint: the first 16 bytes of SHA-256( sum, 32 bytes little-endian ‖ Varint(count) ), read as
    /// a big-endian number.
    /// </summary>
    public readonly UInt128 ToFingerprint()
    {
        Span<byte> input = stackalloc byte[LinktreeId.Size + Varint.MaxSize];
        BinaryPrimitives.WriteUInt64LittleEndian(input, _limb0);
        BinaryPrimitives.WriteUInt64LittleEndian(input[LimbSize..], _limb1);
        BinaryPrimitives.WriteUInt64LittleEndian(input[(2 * LimbSize)..], _limb2);
        BinaryPrimitives.WriteUInt64LittleEndian(input[(3 * LimbSize)..], _limb3);
        var length = LinktreeId.Size + Varint.Write(input[LinktreeId.Size..], (ulong)Count);

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input[..length], digest);
        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }

    public readonly SetSummary ToSummary() => new(Count, ToFingerprint());

    private static ulong Limb(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[(index * LimbSize)..]);

    private void Add(ulong limb0, ulong limb1, ulong limb2, ulong limb3, ulong carry)
    {
        _limb0 = AddLimbs(_limb0, limb0, ref carry);
        _limb1 = AddLimbs(_limb1, limb1, ref carry);
        _limb2 = AddLimbs(_limb2, limb2, ref carry);
        _limb3 = AddLimbs(_limb3, limb3, ref carry);
    }

    private static ulong AddLimbs(ulong left, ulong right, ref ulong carry)
    {
        var sum = left + right;
        var result = sum + carry;
        // At most one of the two additions overflows.
        carry = (sum < left ? 1UL : 0UL) | (result < sum ? 1UL : 0UL);
        return result;
    }
}
