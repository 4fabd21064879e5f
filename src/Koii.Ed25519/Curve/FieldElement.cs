using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Koii.Ed25519.Curve.Vectors;
using static Koii.Ed25519.Curve.SplitProduct;

namespace Koii.Ed25519.Curve;

/// <summary>
/// An integer modulo p = 2^255 − 19 (RFC 8032 §5.1), in five limbs of radix 2^51: l0 + 2^51·l1 + … + 2^204·l4. The
/// value is determined modulo p only; <see cref="WriteTo"/> writes the canonical form.
/// </summary>
/// <remarks>
/// <para> Limbs may be larger than 51 bits for a while, which saves the carries of most sums. The bounds, asserted in
/// debug builds: a product or square is <i>tight</i>, its limbs are at most 2^51 + 2^18; factors may have limbs up to
/// 2^54; no limb of a subtrahend may pass that of 2p, 2^52 − 38 or 2^52 − 2. A sum or difference of two tight elements
/// therefore fits any product, and so does a sum of two of those. </para>
/// </remarks>
internal readonly struct FieldElement : IFieldVector<FieldElement>
{
    /// <summary>The length of an encoded element in bytes.</summary>
    internal const int Size = 32;

    /// <summary>How many limbs an element has.</summary>
    internal const int Limbs = 5;

    private const int LimbBits = 51;
    private const ulong LimbMask = (1UL << LimbBits) - 1;
    private const ulong MaxFactorLimb = 1UL << 54;
    private const ulong TightLimb = (1UL << LimbBits) + (1UL << 18);

    // 2p, limb by limb. A difference adds it, so no limb is negative.
    private const ulong TwiceP0 = (1UL << 52) - 38;
    private const ulong TwiceP1To4 = (1UL << 52) - 2;

    private readonly ulong _l0, _l1, _l2, _l3, _l4;

    internal FieldElement(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4)
    {
        _l0 = l0;
        _l1 = l1;
        _l2 = l2;
        _l3 = l3;
        _l4 = l4;
    }

    internal static FieldElement Zero => default;

    internal static FieldElement One => new(1, 0, 0, 0, 0);

    internal static FieldElement FromInt32(int small) => new((ulong)small, 0, 0, 0, 0);

    /// <summary>
    /// Reads 255 bits in little-endian order; the highest bit of the last byte is ignored. The value may be p or more.
    /// </summary>
    internal static FieldElement Read(ReadOnlySpan<byte> bytes)
    {
        var w0 = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var w1 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        var w2 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        var w3 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
        return new FieldElement(
            w0 & LimbMask,
            ((w0 >> 51) | (w1 << 13)) & LimbMask,
            ((w1 >> 38) | (w2 << 26)) & LimbMask,
            ((w2 >> 25) | (w3 << 39)) & LimbMask,
            (w3 >> 12) & LimbMask);
    }

    /// <summary>Writes the canonical form, the value below p in little-endian order.</summary>
    internal void WriteTo(Span<byte> bytes)
    {
        var (l0, l1, l2, l3, l4) = Canonical();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, l0 | (l1 << 51));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], (l1 >> 13) | (l2 << 38));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], (l2 >> 26) | (l3 << 25));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], (l3 >> 39) | (l4 << 12));
    }

    internal bool IsZero
    {
        get
        {
            var (l0, l1, l2, l3, l4) = Canonical();
            return (l0 | l1 | l2 | l3 | l4) == 0;
        }
    }

    /// <summary>The sign of RFC 8032 §5.1.2: an element is negative when its canonical form is odd.</summary>
    internal bool IsNegative => (Canonical().L0 & 1) != 0;

    internal bool HasValueOf(in FieldElement other) => (this - other).IsZero;

    /// <summary>The sum; its limbs are the sums of the limbs.</summary>
    public static FieldElement operator +(in FieldElement a, in FieldElement b) =>
        new(a._l0 + b._l0, a._l1 + b._l1, a._l2 + b._l2, a._l3 + b._l3, a._l4 + b._l4);

    /// <summary>The difference; its limbs are below those of <paramref name="a"/> plus 2^52.</summary>
    public static FieldElement operator -(in FieldElement a, in FieldElement b)
    {
        Debug.Assert(b._l0 <= TwiceP0 && Math.Max(Math.Max(b._l1, b._l2), Math.Max(b._l3, b._l4)) <= TwiceP1To4, "A subtrahend has a limb beyond 2p.");
        return new FieldElement(
            a._l0 + TwiceP0 - b._l0,
            a._l1 + TwiceP1To4 - b._l1,
            a._l2 + TwiceP1To4 - b._l2,
            a._l3 + TwiceP1To4 - b._l3,
            a._l4 + TwiceP1To4 - b._l4);
    }

    public static FieldElement operator -(in FieldElement a) => Zero - a;

    /// <summary>Reads limbs that may be negative, at most 2^52 − 38 in magnitude. The result is tight.</summary>
    internal static FieldElement FromSignedLimbs(long l0, long l1, long l2, long l3, long l4) =>
        Tight((ulong)l0 + TwiceP0, (ulong)l1 + TwiceP1To4, (ulong)l2 + TwiceP1To4, (ulong)l3 + TwiceP1To4, (ulong)l4 + TwiceP1To4);

    /// <summary>Writes the limbs of the value below p, each below 2^51.</summary>
    internal void WriteLimbs(Span<ulong> limbs) => (limbs[0], limbs[1], limbs[2], limbs[3], limbs[4]) = Canonical();

    /// <summary>The product, tight.</summary>
    public static FieldElement operator *(in FieldElement a, in FieldElement b)
    {
        Debug.Assert(a.LimbsAreAtMost(MaxFactorLimb) && b.LimbsAreAtMost(MaxFactorLimb), "A factor has a limb beyond 2^54.");

        // The two shifts add up to the 13 bits that a split product needs.
        ulong a0 = a._l0 << 8, a1 = a._l1 << 8, a2 = a._l2 << 8, a3 = a._l3 << 8, a4 = a._l4 << 8;
        ulong b0 = b._l0 << 5, b1 = b._l1 << 5, b2 = b._l2 << 5, b3 = b._l3 << 5, b4 = b._l4 << 5;

        // 2^255 is 19 modulo p, so limb i + 5 is nineteen times limb i. 19·2^59 fits 64 bits.
        ulong b1By19 = 19 * b1, b2By19 = 19 * b2, b3By19 = 19 * b3, b4By19 = 19 * b4;

        return Carry(
            SumOfProducts(a0, b0, a1, b4By19, a2, b3By19, a3, b2By19, a4, b1By19),
            SumOfProducts(a0, b1, a1, b0, a2, b4By19, a3, b3By19, a4, b2By19),
            SumOfProducts(a0, b2, a1, b1, a2, b0, a3, b4By19, a4, b3By19),
            SumOfProducts(a0, b3, a1, b2, a2, b1, a3, b0, a4, b4By19),
            SumOfProducts(a0, b4, a1, b3, a2, b2, a3, b1, a4, b0));
    }

    /// <summary>The product with itself, tight; ten of the products of limbs occur twice in it.</summary>
    public FieldElement Square()
    {
        Debug.Assert(LimbsAreAtMost(MaxFactorLimb), "A factor has a limb beyond 2^54.");

        // Shifted as in a product, by one bit more for doubled products: 2^54 becomes 2^63.
        ulong a0 = _l0 << 5, a1 = _l1 << 5, a2 = _l2 << 5, a3 = _l3 << 5, a4 = _l4 << 5;
        ulong twice0 = _l0 << 9, twice1 = _l1 << 9, twice2 = _l2 << 9, twice3 = _l3 << 9;
        ulong a3By19 = 19 * a3, a4By19 = 19 * a4;

        return Carry(
            SumOfProducts(_l0 << 8, a0, twice1, a4By19, twice2, a3By19),
            SumOfProducts(twice0, a1, twice2, a4By19, _l3 << 8, a3By19),
            SumOfProducts(twice0, a2, _l1 << 8, a1, twice3, a4By19),
            SumOfProducts(twice0, a3, twice1, a2, _l4 << 8, a4By19),
            SumOfProducts(twice0, a4, twice1, a3, _l2 << 8, a2));
    }

    /// <inheritdoc/>
    public FieldElement SquareRepeatedly(int times)
    {
        var result = Square();
        for (var i = 1; i < times; i++)
            result = result.Square();
        return result;
    }

    /// <summary>The inverse; zero for zero.</summary>
    internal FieldElement Invert() => Powers<FieldElement>.Invert(this);

    /// <inheritdoc/>
    static int IFieldVector<FieldElement>.Lanes => 1;

    /// <inheritdoc/>
    /// <remarks>Both factors of a product can be sums of 4 tight elements.</remarks>
    FieldElement IFieldVector<FieldElement>.Tighten() => this;

    /// <inheritdoc/>
    static FieldElement IFieldVector<FieldElement>.Broadcast(in FieldElement element) => element;

    /// <inheritdoc/>
    static FieldElement IFieldVector<FieldElement>.FromLanes(ReadOnlySpan<FieldElement> elements) => elements[0];

    /// <inheritdoc/>
    FieldElement IFieldVector<FieldElement>.ToLane(int lane) => this;

    /// <inheritdoc/>
    void IFieldVector<FieldElement>.WriteWords(Span<ulong> words, int stride) => (words[0], words[1], words[2], words[3], words[4]) = (_l0, _l1, _l2, _l3, _l4);

    /// <inheritdoc/>
    static FieldElement IFieldVector<FieldElement>.BroadcastWords(ref readonly ulong words) => FromWords(in words);

    /// <inheritdoc/>
    static void IFieldVector<FieldElement>.NegateWhereNegative(ReadOnlySpan<int> numbers, ref FieldElement yPlusX, ref FieldElement yMinusX, ref FieldElement xy)
    {
        if (numbers[0] >= 0)
            return;
        (yPlusX, yMinusX) = (yMinusX, yPlusX);
        xy = -xy;
    }

    /// <inheritdoc/>
    static PointVector<FieldElement> IFieldVector<FieldElement>.LoadPoints(ref readonly ulong words, ReadOnlySpan<int> offsets)
    {
        ref var first = ref Unsafe.Add(ref Unsafe.AsRef(in words), offsets[0]);
        return new(
            FromWords(in first),
            FromWords(in Unsafe.Add(ref first, Limbs)),
            FromWords(in Unsafe.Add(ref first, 2 * Limbs)),
            FromWords(in Unsafe.Add(ref first, 3 * Limbs)));
    }

    /// <inheritdoc/>
    static void IFieldVector<FieldElement>.StorePoints(in PointVector<FieldElement> points, ref ulong words, ReadOnlySpan<int> offsets)
    {
        ref var first = ref Unsafe.Add(ref words, offsets[0]);
        points.X.ToWords(ref first);
        points.Y.ToWords(ref Unsafe.Add(ref first, Limbs));
        points.Z.ToWords(ref Unsafe.Add(ref first, 2 * Limbs));
        points.T.ToWords(ref Unsafe.Add(ref first, 3 * Limbs));
    }

    // An element is five words and nothing else.
    private static FieldElement FromWords(ref readonly ulong words) => Unsafe.As<ulong, FieldElement>(ref Unsafe.AsRef(in words));

    private void ToWords(ref ulong words) => Unsafe.As<ulong, FieldElement>(ref words) = this;

    /// <summary>Brings the columns of a product to tight limbs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FieldElement Carry(SplitProduct r0, SplitProduct r1, SplitProduct r2, SplitProduct r3, SplitProduct r4)
    {
        // The upper part of a column belongs to the next limb. A product of two factors is at most 2^108, so a column
        // has at most (1 + 4·19)·2^57 < 2^63.3 in its upper part, the last one, where nothing is nineteen-fold, 5·2^57
        // < 2^59.4, and nineteen times that is below 2^63.6. A lower part is below 5·2^51: each sum fits.
        var l0 = r0.Low + (19 * r4.High);
        var l1 = r1.Low + r0.High;
        var l2 = r2.Low + r1.High;
        var l3 = r3.Low + r2.High;
        var l4 = r4.Low + r3.High;

        return Tight(l0, l1, l2, l3, l4);
    }

    /// <summary>
    /// Carries the bits of each limb beyond 51 to the next limb: below 2^13, and nineteen times that below 2^18.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FieldElement Tight(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4)
    {
        var result = new FieldElement(
            (l0 & LimbMask) + (19 * (l4 >> LimbBits)),
            (l1 & LimbMask) + (l0 >> LimbBits),
            (l2 & LimbMask) + (l1 >> LimbBits),
            (l3 & LimbMask) + (l2 >> LimbBits),
            (l4 & LimbMask) + (l3 >> LimbBits));
        Debug.Assert(result.LimbsAreAtMost(TightLimb), "A product is not tight.");
        return result;
    }

    /// <summary>The limbs of the value below p, each below 2^51. Limbs may have 63 bits.</summary>
    private (ulong L0, ulong L1, ulong L2, ulong L3, ulong L4) Canonical()
    {
        // One pass of carries leaves limbs 1 to 4 below 2^51 and limb 0 below 2^51 + 19·2^13: less than 2p in all.
        var l0 = _l0;
        var l1 = _l1 + (l0 >> LimbBits);
        var l2 = _l2 + (l1 >> LimbBits);
        var l3 = _l3 + (l2 >> LimbBits);
        var l4 = _l4 + (l3 >> LimbBits);
        l0 = (l0 & LimbMask) + (19 * (l4 >> LimbBits));
        l1 &= LimbMask;
        l2 &= LimbMask;
        l3 &= LimbMask;
        l4 &= LimbMask;

        // The value v is at least p exactly when v + 19 reaches 2^255. Then v − p is v + 19 without that bit.
        var atLeastP = (l0 + 19) >> LimbBits;
        atLeastP = (l1 + atLeastP) >> LimbBits;
        atLeastP = (l2 + atLeastP) >> LimbBits;
        atLeastP = (l3 + atLeastP) >> LimbBits;
        atLeastP = (l4 + atLeastP) >> LimbBits;
        l0 += 19 * atLeastP;
        l1 += l0 >> LimbBits;
        l2 += l1 >> LimbBits;
        l3 += l2 >> LimbBits;
        l4 += l3 >> LimbBits;
        return (l0 & LimbMask, l1 & LimbMask, l2 & LimbMask, l3 & LimbMask, l4 & LimbMask);
    }

    private bool LimbsAreAtMost(ulong bound) => _l0 <= bound && _l1 <= bound && _l2 <= bound && _l3 <= bound && _l4 <= bound;
}
