using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// A vector of four numbers of 64 bits. Each is used as a double or, by the operations named after bits, as an unsigned
/// integer modulo 2^64: vectors multiply doubles fast and carry integers exactly.
/// </summary>
internal readonly struct Lanes256(Vector256<double> value)
{
    internal readonly Vector256<double> Value = value;

    public static int Count => 4;

    private Vector256<ulong> Bits
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Value.AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(double value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 BroadcastBits(ulong value) => Of(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(a.Value + b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(a.Value - b.Value);

    /// <summary>a·b + c, rounded once (IEEE 754 §5.4.1), to nearest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 FusedMultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) => new(Vector256.FusedMultiplyAdd(a.Value, b.Value, c.Value));

    /// <summary>
    /// Adds the two halves of a·b = high + low to two sums of integers. The upper half is a·b rounded by the base that
    /// is added to it, to the unit of that base; the lower half is the exact remainder. The sums contain the bits of
    /// both, bases included.
    /// </summary>
    /// <remarks>One operation, as a product of elements has 25 of them, and the compiler of .NET 10 stops inlining if a
    /// method contains many more calls.</remarks>
    /// <param name="a">A factor.</param>
    /// <param name="b">A factor.</param>
    /// <param name="highBase">The base of upper halves.</param>
    /// <param name="bothBases">The sum of the bases of upper and lower halves.</param>
    /// <param name="lows">The sum of lower halves.</param>
    /// <param name="highs">The sum of upper halves.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(Lanes256 a, Lanes256 b, Lanes256 highBase, Lanes256 bothBases, ref Lanes256 lows, ref Lanes256 highs)
    {
        var high = Vector256.FusedMultiplyAdd(a.Value, b.Value, highBase.Value);
        var low = Vector256.FusedMultiplyAdd(a.Value, b.Value, bothBases.Value - high);
        highs = Of(highs.Value.AsUInt64() + high.AsUInt64());
        lows = Of(lows.Value.AsUInt64() + low.AsUInt64());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddBits(Lanes256 a, Lanes256 b) => Of(a.Bits + b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AndBits(Lanes256 a, Lanes256 b) => Of(a.Bits & b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 OrBits(Lanes256 a, Lanes256 b) => Of(a.Bits | b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 XorBits(Lanes256 a, Lanes256 b) => Of(a.Bits ^ b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ShiftLeftBits(Lanes256 a, int count) => Of(a.Bits << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ShiftRightBits(Lanes256 a, int count) => Of(a.Bits >>> count);

    /// <summary>
    /// The bits of <paramref name="ones"/> where the mask has ones, otherwise those of <paramref name="zeros"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 SelectBits(Lanes256 mask, Lanes256 ones, Lanes256 zeros) => new(Vector256.ConditionalSelect(mask.Value, ones.Value, zeros.Value));

    /// <summary>All ones where the number of the lane is negative, otherwise zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MaskOfNegative(ref readonly int numbers)
    {
        var four = Vector128.LoadUnsafe(in numbers);
        var (lower, upper) = Vector128.Widen(four);
        return Of(Vector256.LessThan(Vector256.Create(lower, upper), Vector256<long>.Zero).AsUInt64());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(ref readonly ulong words) => Of(Vector256.LoadUnsafe(in words));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, ref ulong words) => value.Bits.StoreUnsafe(ref words);

    /// <summary>
    /// Loads four adjacent words for each lane, from the offset of the lane: lane i of <paramref name="first"/> is the
    /// word at offset i, lane i of <paramref name="second"/> the next word, and so on.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadTransposed(
        ref readonly ulong words, ReadOnlySpan<int> offsets, out Lanes256 first, out Lanes256 second, out Lanes256 third, out Lanes256 fourth)
    {
        ref var offset = ref MemoryMarshal.GetReference(offsets);
        first = Load(in Unsafe.Add(ref Unsafe.AsRef(in words), offset));
        second = Load(in Unsafe.Add(ref Unsafe.AsRef(in words), Unsafe.Add(ref offset, 1)));
        third = Load(in Unsafe.Add(ref Unsafe.AsRef(in words), Unsafe.Add(ref offset, 2)));
        fourth = Load(in Unsafe.Add(ref Unsafe.AsRef(in words), Unsafe.Add(ref offset, 3)));
        Transpose(ref first, ref second, ref third, ref fourth);
    }

    /// <summary>The inverse of <see cref="LoadTransposed"/>. No two lanes may have the same offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTransposed(ref ulong words, ReadOnlySpan<int> offsets, Lanes256 first, Lanes256 second, Lanes256 third, Lanes256 fourth)
    {
        ref var offset = ref MemoryMarshal.GetReference(offsets);
        Transpose(ref first, ref second, ref third, ref fourth);
        Store(first, ref Unsafe.Add(ref words, offset));
        Store(second, ref Unsafe.Add(ref words, Unsafe.Add(ref offset, 1)));
        Store(third, ref Unsafe.Add(ref words, Unsafe.Add(ref offset, 2)));
        Store(fourth, ref Unsafe.Add(ref words, Unsafe.Add(ref offset, 3)));
    }

    /// <summary>Exchanges rows and columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Transpose(ref Lanes256 a, ref Lanes256 b, ref Lanes256 c, ref Lanes256 d)
    {
        if (Avx.IsSupported)
        {
            var even01 = Avx.UnpackLow(a.Value, b.Value);
            var odd01 = Avx.UnpackHigh(a.Value, b.Value);
            var even23 = Avx.UnpackLow(c.Value, d.Value);
            var odd23 = Avx.UnpackHigh(c.Value, d.Value);
            a = new Lanes256(Avx.Permute2x128(even01, even23, 0x20));
            b = new Lanes256(Avx.Permute2x128(odd01, odd23, 0x20));
            c = new Lanes256(Avx.Permute2x128(even01, even23, 0x31));
            d = new Lanes256(Avx.Permute2x128(odd01, odd23, 0x31));
        }
        else
        {
            Vector256<double> w = a.Value, x = b.Value, y = c.Value, z = d.Value;
            a = new Lanes256(Vector256.Create(w[0], x[0], y[0], z[0]));
            b = new Lanes256(Vector256.Create(w[1], x[1], y[1], z[1]));
            c = new Lanes256(Vector256.Create(w[2], x[2], y[2], z[2]));
            d = new Lanes256(Vector256.Create(w[3], x[3], y[3], z[3]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes256 Of(Vector256<ulong> bits) => new(bits.AsDouble());
}
