using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Koii.Ed25519.Curve;

/// <summary>
/// An integer modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point (RFC 8032 §5.1).
/// It is always below L, in four limbs of 64 bits, the lowest first.
/// </summary>
internal readonly struct Scalar
{
    /// <summary>The length of an encoded scalar in bytes.</summary>
    internal const int Size = 32;

    /// <summary>The number of digits that <see cref="WriteNonAdjacentForm"/> writes.</summary>
    internal const int NonAdjacentFormLength = 256;

    /// <summary>The number of bits that <see cref="WriteSignedWindows"/> represents for any scalar.</summary>
    internal const int FullBits = 252;

    /// <summary>The same for numbers from −2^127 to 2^127.</summary>
    internal const int HalfBits = 128;

    private const int Limbs = 4;

    private readonly ulong _l0, _l1, _l2, _l3;

    private Scalar(ReadOnlySpan<ulong> limbs)
    {
        _l0 = limbs[0];
        _l1 = limbs[1];
        _l2 = limbs[2];
        _l3 = limbs[3];
    }

    /// <summary>L, with a fifth limb, which reduction needs.</summary>
    private static ReadOnlySpan<ulong> Order => [0x5812631A5CF5D3ED, 0x14DEF9DEA2F79CD6, 0, 0x1000000000000000, 0];

    /// <summary>⌊2^512 / L⌋, the factor of Barrett's reduction.</summary>
    private static ReadOnlySpan<ulong> BarrettFactor => [0xED9CE5A30A2C131B, 0x2106215D086329A7, 0xFFFFFFFFFFFFFFEB, 0xFFFFFFFFFFFFFFFF, 0xF];

    /// <summary>Whether the value is 2^251 or more, which is about half of L.</summary>
    internal bool IsInUpperHalf => _l3 >> 59 != 0;

    /// <summary>Reads 32 bytes in little-endian order, unless they are L or more (condition 1 of the rule).</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, out Scalar scalar)
    {
        Span<ulong> limbs = stackalloc ulong[Limbs];
        Span<ulong> difference = stackalloc ulong[Limbs];
        ReadLimbs(bytes, limbs);
        var isBelowOrder = Subtract(limbs, Order[..Limbs], difference) != 0;
        scalar = isBelowOrder ? new Scalar(limbs) : default;
        return isBelowOrder;
    }

    /// <summary>Reads 64 bytes in little-endian order and reduces them modulo L.</summary>
    internal static Scalar Reduce(ReadOnlySpan<byte> bytes)
    {
        Span<ulong> limbs = stackalloc ulong[2 * Limbs];
        limbs.Clear();
        ReadLimbs(bytes, limbs[..(bytes.Length / sizeof(ulong))]);
        return Reduce(limbs);
    }

    /// <summary>The number modulo L.</summary>
    internal static Scalar FromInt128(Int128 number)
    {
        // The magnitude of the least number, 2^127, is correct as well.
        var magnitude = (UInt128)(Int128.IsNegative(number) ? -number : number);
        var scalar = new Scalar([(ulong)magnitude, (ulong)(magnitude >> 64), 0, 0]);
        return Int128.IsNegative(number) ? -scalar : scalar;
    }

    /// <summary><paramref name="a"/>·<paramref name="b"/> + <paramref name="c"/> modulo L.</summary>
    internal static Scalar MultiplyAdd(in Scalar a, in Scalar b, in Scalar c)
    {
        Span<ulong> product = stackalloc ulong[2 * Limbs];
        Multiply([a._l0, a._l1, a._l2, a._l3], [b._l0, b._l1, b._l2, b._l3], product);

        // L² + L is below 2^506: the eighth limb has no carry.
        ReadOnlySpan<ulong> addend = [c._l0, c._l1, c._l2, c._l3, 0, 0, 0, 0];
        var carry = 0UL;
        for (var i = 0; i < product.Length; i++)
        {
            var sum = (UInt128)product[i] + addend[i] + carry;
            product[i] = (ulong)sum;
            carry = (ulong)(sum >> 64);
        }

        return Reduce(product);
    }

    public static Scalar operator -(in Scalar a)
    {
        Span<ulong> difference = stackalloc ulong[Limbs + 1];
        Subtract(Order, [a._l0, a._l1, a._l2, a._l3, 0], difference);
        SubtractOrderOnce(difference);
        return new Scalar(difference);
    }

    /// <summary>
    /// Writes the width-w non-adjacent form: digits d with value = Σ d[i]·2^i, each zero or odd and below 2^(w−1) in
    /// absolute value, and at most one of w neighbors not zero. Its time depends on the value.
    /// </summary>
    /// <param name="width">w, from 2 to 8.</param>
    /// <param name="digits">Receives <see cref="NonAdjacentFormLength"/> digits.</param>
    internal void WriteNonAdjacentForm(int width, Span<sbyte> digits)
    {
        // With a limb of zeros a window can extend beyond the last bit.
        ReadOnlySpan<ulong> limbs = [_l0, _l1, _l2, _l3, 0];
        digits.Clear();
        var carry = 0;
        for (var position = 0; position < NonAdjacentFormLength;)
        {
            var shift = position % 64;
            var bits = limbs[position / 64] >> shift;
            if (shift != 0)
                bits |= limbs[(position / 64) + 1] << (64 - shift);

            // Bit plus carry is 0 or 2: the digit is zero, and the carry does not change.
            if ((int)(bits & 1) == carry)
            {
                position++;
                continue;
            }

            var window = (int)(bits & ((1UL << width) - 1)) + carry;
            carry = window >> (width - 1);
            digits[position] = (sbyte)(window - (carry << width));
            position += width;
        }
    }

    /// <summary>
    /// Writes digits d, each at most 2^(<paramref name="width"/> − 1) in absolute value, with Σ d[i]·2^(width·i) the
    /// value or the value less L, whichever is nearer to zero. Its time depends on the value.
    /// </summary>
    /// <param name="width">From 2 to 15.</param>
    /// <param name="digits">Has room for <see cref="FullBits"/> bits, or for <see cref="HalfBits"/> if the value fits;
    /// further digits become zero.</param>
    internal void WriteSignedWindows(int width, Span<short> digits)
    {
        // From 2^251 on the value is negated. Then 2^251 and 2^251 + 2^125 bound it: the highest digit may be 2^(width
        // − 1) exactly, as the digits below it have no carry.
        var isNegative = IsInUpperHalf;
        var magnitude = isNegative ? -this : this;
        ReadOnlySpan<ulong> limbs = [magnitude._l0, magnitude._l1, magnitude._l2, magnitude._l3, 0];
        var carry = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var (limb, shift) = (i * width / 64, i * width % 64);
            var bits = limb < Limbs ? limbs[limb] >> shift : 0;
            if (shift != 0 && limb < Limbs)
                bits |= limbs[limb + 1] << (64 - shift);

            var window = (int)(bits & ((1UL << width) - 1)) + carry;
            carry = window > 1 << (width - 1) ? 1 : 0;
            var digit = window - (carry << width);
            digits[i] = (short)(isNegative ? -digit : digit);
        }

        Debug.Assert(carry == 0, "The value does not fit.");
    }

    /// <summary>
    /// Barrett's reduction of eight limbs (Menezes, van Oorschot, Vanstone, "Handbook of Applied Cryptography",
    /// algorithm 14.42, with b = 2^64 and k = 4).
    /// </summary>
    private static Scalar Reduce(ReadOnlySpan<ulong> value)
    {
        // The quotient is ⌊⌊value / b³⌋·factor / b⁵⌋. For any modulus it may be two less than the true one, for L only
        // one: the factor is less than 0.23 too small, and the division by b³ loses less than 2^192·2^260 / 2^512.
        Span<ulong> scaled = stackalloc ulong[10];
        Multiply(value[3..], BarrettFactor, scaled);
        Span<ulong> multiple = stackalloc ulong[10];
        Multiply(scaled[5..], Order, multiple);

        // So the remainder is below 2L, fits five limbs, and is correct modulo b⁵.
        Span<ulong> remainder = stackalloc ulong[5];
        Subtract(value[..5], multiple[..5], remainder);
        SubtractOrderOnce(remainder);
        return new Scalar(remainder);
    }

    /// <summary>Subtracts L from <paramref name="value"/> unless the result would be negative.</summary>
    private static void SubtractOrderOnce(Span<ulong> value)
    {
        Span<ulong> difference = stackalloc ulong[5];
        var keep = 0 - Subtract(value, Order, difference);
        for (var i = 0; i < value.Length; i++)
            value[i] = difference[i] ^ (keep & (difference[i] ^ value[i]));
    }

    /// <summary>
    /// The difference modulo the power of 2^64 that its length determines; returns the borrow, 0 or 1.
    /// </summary>
    private static ulong Subtract(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, Span<ulong> difference)
    {
        var borrow = 0UL;
        for (var i = 0; i < difference.Length; i++)
        {
            var step = (UInt128)a[i] - b[i] - borrow;
            difference[i] = (ulong)step;
            borrow = (ulong)(step >> 64) & 1;
        }

        return borrow;
    }

    // Optimized at once: a process that has just started spends a tenth of the time of its signature checks here otherwise.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, Span<ulong> product)
    {
        product.Clear();
        for (var i = 0; i < a.Length; i++)
        {
            var carry = 0UL;
            for (var j = 0; j < b.Length; j++)
            {
                // (2^64 − 1)² + 2·(2^64 − 1) is 2^128 − 1, so the high half does not overflow.
                var high = Math.BigMul(a[i], b[j], out var low);
                low += carry;
                high += low < carry ? 1UL : 0;
                product[i + j] += low;
                carry = high + (product[i + j] < low ? 1UL : 0);
            }

            product[i + b.Length] = carry;
        }
    }

    private static void ReadLimbs(ReadOnlySpan<byte> bytes, Span<ulong> limbs)
    {
        for (var i = 0; i < limbs.Length; i++)
            limbs[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * sizeof(ulong))..]);
    }
}
