using System.Runtime.CompilerServices;

namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>
/// A sum of products of two limbs, each parted at bit 51, the width of a limb: Low + 2^51·High. Parts are added without a carry
/// between them, which a sum of 128 bits would need at each step.
/// </summary>
internal readonly struct PartedProduct
{
    /// <summary>The sum of what the products are modulo 2^51.</summary>
    internal readonly ulong Low;

    /// <summary>The sum of what they are without their lowest 51 bits.</summary>
    internal readonly ulong High;

    private PartedProduct(ulong low, ulong high)
    {
        Low = low;
        High = high;
    }

    /// <summary>
    /// The product of two limbs, given as numbers that make 2^13 times it: bit 51 is then bit 64, where the machine parts a product.
    /// The low half is computed for itself: that is faster than storing what the wide product yields.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static PartedProduct Product(ulong x, ulong y) => new((x * y) >> 13, Math.BigMul(x, y, out _));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PartedProduct operator +(PartedProduct a, PartedProduct b) => new(a.Low + b.Low, a.High + b.High);
}
