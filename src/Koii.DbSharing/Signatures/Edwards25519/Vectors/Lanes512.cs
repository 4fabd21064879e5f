using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Koii.DbSharing.Signatures.Edwards25519.Vectors;

/// <summary>Eight lanes.</summary>
internal readonly struct Lanes512(Vector512<double> value) : ILanes<Lanes512>
{
    internal readonly Vector512<double> Value = value;

    public static int Count => 8;

    private Vector512<ulong> Bits
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Value.AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(double value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 BroadcastBits(ulong value) => Of(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 a, Lanes512 b) => new(a.Value + b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 a, Lanes512 b) => new(a.Value - b.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 FusedMultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.FusedMultiplyAdd(a.Value, b.Value, c.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(Lanes512 a, Lanes512 b, Lanes512 highBase, Lanes512 bothBases, ref Lanes512 lows, ref Lanes512 highs)
    {
        var high = Vector512.FusedMultiplyAdd(a.Value, b.Value, highBase.Value);
        var low = Vector512.FusedMultiplyAdd(a.Value, b.Value, bothBases.Value - high);
        highs = Of(highs.Value.AsUInt64() + high.AsUInt64());
        lows = Of(lows.Value.AsUInt64() + low.AsUInt64());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AddBits(Lanes512 a, Lanes512 b) => Of(a.Bits + b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AndBits(Lanes512 a, Lanes512 b) => Of(a.Bits & b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 OrBits(Lanes512 a, Lanes512 b) => Of(a.Bits | b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 XorBits(Lanes512 a, Lanes512 b) => Of(a.Bits ^ b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ShiftLeftBits(Lanes512 a, int count) => Of(a.Bits << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ShiftRightBits(Lanes512 a, int count) => Of(a.Bits >>> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 SelectBits(Lanes512 mask, Lanes512 ones, Lanes512 zeros) => new(Vector512.ConditionalSelect(mask.Value, ones.Value, zeros.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MaskOfNegative(ref readonly int numbers) =>
        Join(Lanes256.MaskOfNegative(in numbers), Lanes256.MaskOfNegative(in Unsafe.Add(ref Unsafe.AsRef(in numbers), Lanes256.Count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(ref readonly ulong words) => Of(Vector512.LoadUnsafe(in words));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes512 value, ref ulong words) => value.Bits.StoreUnsafe(ref words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadTransposed(
        ref readonly ulong words, ReadOnlySpan<int> offsets, out Lanes512 first, out Lanes512 second, out Lanes512 third, out Lanes512 fourth)
    {
        Lanes256.LoadTransposed(in words, offsets, out var lower0, out var lower1, out var lower2, out var lower3);
        Lanes256.LoadTransposed(in words, offsets[Lanes256.Count..], out var upper0, out var upper1, out var upper2, out var upper3);
        first = Join(lower0, upper0);
        second = Join(lower1, upper1);
        third = Join(lower2, upper2);
        fourth = Join(lower3, upper3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTransposed(ref ulong words, ReadOnlySpan<int> offsets, Lanes512 first, Lanes512 second, Lanes512 third, Lanes512 fourth)
    {
        Lanes256.StoreTransposed(ref words, offsets, first.Lower, second.Lower, third.Lower, fourth.Lower);
        Lanes256.StoreTransposed(ref words, offsets[Lanes256.Count..], first.Upper, second.Upper, third.Upper, fourth.Upper);
    }

    private Lanes256 Lower
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Value.GetLower());
    }

    private Lanes256 Upper
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Value.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes512 Join(Lanes256 lower, Lanes256 upper) => new(Vector512.Create(lower.Value, upper.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes512 Of(Vector512<ulong> bits) => new(bits.AsDouble());
}
