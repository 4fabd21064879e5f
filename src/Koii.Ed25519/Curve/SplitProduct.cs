using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Koii.Ed25519.Curve;

/// <summary>
/// A sum of products of two limbs, each split at bit 51, the width of a limb: Low + 2^51·High. The parts are added
/// without a carry between them, which a sum of 128 bits would need at each step.
/// </summary>
internal readonly struct SplitProduct
{
    /// <summary>The sum of the products modulo 2^51.</summary>
    internal readonly ulong Low;

    /// <summary>The sum of the products without their lowest 51 bits.</summary>
    internal readonly ulong High;

    private SplitProduct(ulong low, ulong high)
    {
        Low = low;
        High = high;
    }

    /// <summary>
    /// x0·y0 + x1·y1 + x2·y2, given factors whose product is 2^13 times the product of the limbs: bit 51 is then bit
    /// 64, where the processor splits a product. Written as two sums of integers, since the compiler of .NET 10 keeps
    /// those in registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static SplitProduct SumOfProducts(ulong x0, ulong y0, ulong x1, ulong y1, ulong x2, ulong y2) =>
        new(LowOf(x0, y0) + LowOf(x1, y1) + LowOf(x2, y2), HighOf(x0, y0) + HighOf(x1, y1) + HighOf(x2, y2));

    /// <summary>The same of five products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static SplitProduct SumOfProducts(
        ulong x0, ulong y0, ulong x1, ulong y1, ulong x2, ulong y2, ulong x3, ulong y3, ulong x4, ulong y4) =>
        new(
            LowOf(x0, y0) + LowOf(x1, y1) + LowOf(x2, y2) + LowOf(x3, y3) + LowOf(x4, y4),
            HighOf(x0, y0) + HighOf(x1, y1) + HighOf(x2, y2) + HighOf(x3, y3) + HighOf(x4, y4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong LowOf(ulong x, ulong y) => (x * y) >> 13;

    // The instruction alone is faster than the method, which stores the lower half as well.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong HighOf(ulong x, ulong y) => Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(x, y) : Math.BigMul(x, y, out _);
}
