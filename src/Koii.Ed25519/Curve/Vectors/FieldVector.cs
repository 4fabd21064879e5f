using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// Field elements side by side, in five limbs of radix 2^51 like <see cref="FieldElement"/>, but signed and in doubles:
/// multiplying doubles is what vector units do fastest, and with a multiplication and addition that round once, the
/// halves of a product of limbs are exact (Dekker, "A floating-point technique for extending the available precision",
/// 1971).
/// </summary>
/// <remarks>
/// <para>Limbs of a tight element are at most 2^50 + 2^10 in magnitude. Counts that multiply to 3 then keep each
/// product of limbs below 2^102.</para>
/// <para>Products are compiled with all optimizations at once. Without optimization they take many times as long, which
/// delays a new process.</para>
/// </remarks>
internal readonly struct FieldVector : IFieldVector<FieldVector>
{
    private const int LimbBits = 51;
    private const ulong LimbMask = (1UL << LimbBits) - 1;
    private const double Radix = 1L << LimbBits;
    private const double TightLimb = (1L << 50) + (1L << 10);
    private const double MaxProductOfLimbs = Radix * Radix;

    // From 2^52 to 2^53 a double is its lowest mantissa bits and 2^52; around the middle of that range it carries
    // signed numbers of 51 bits. Times 2^51, the same holds of multiples of 2^51.
    private const double LowBase = 1.5 * (1L << 52);
    private const double HighBase = LowBase * Radix;
    private const ulong LowBaseBits = 0x4338_0000_0000_0000;
    private const ulong HighBaseBits = 0x4668_0000_0000_0000;
    private const double UnsignedBase = 1L << 52;
    private const ulong UnsignedBaseBits = 0x4330_0000_0000_0000;

    // Makes every column positive before its carry is cut off: a multiple of 2^51, and half of one, so that limbs are
    // around zero.
    private const ulong ColumnBias = (1UL << 62) + HalfRadix;
    private const ulong CarryBias = 1UL << (62 - LimbBits);
    private const ulong HalfRadix = 1UL << (LimbBits - 1);

    private readonly Lanes256 _l0, _l1, _l2, _l3, _l4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal FieldVector(Lanes256 l0, Lanes256 l1, Lanes256 l2, Lanes256 l3, Lanes256 l4)
    {
        _l0 = l0;
        _l1 = l1;
        _l2 = l2;
        _l3 = l3;
        _l4 = l4;
    }

    public static int Lanes => Lanes256.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FieldVector operator +(in FieldVector a, in FieldVector b) =>
        new(a._l0 + b._l0, a._l1 + b._l1, a._l2 + b._l2, a._l3 + b._l3, a._l4 + b._l4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FieldVector operator -(in FieldVector a, in FieldVector b) =>
        new(a._l0 - b._l0, a._l1 - b._l1, a._l2 - b._l2, a._l3 - b._l3, a._l4 - b._l4);

    /// <summary>The product, tight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static FieldVector operator *(in FieldVector a, in FieldVector b)
    {
        Debug.Assert(a.GreatestLimb() * b.GreatestLimb() < MaxProductOfLimbs, "A product of limbs reaches 2^102.");
        Lanes256 a0 = a._l0, a1 = a._l1, a2 = a._l2, a3 = a._l3, a4 = a._l4;
        Lanes256 b0 = b._l0, b1 = b._l1, b2 = b._l2, b3 = b._l3, b4 = b._l4;

        var c0 = EmptyColumn(1, 0, ColumnBias);
        var c1 = EmptyColumn(2, 1, ColumnBias);
        var c2 = EmptyColumn(3, 2, ColumnBias);
        var c3 = EmptyColumn(4, 3, ColumnBias);
        var c4 = EmptyColumn(5, 4, ColumnBias);
        var c5 = EmptyColumn(4, 5, 0);
        var c6 = EmptyColumn(3, 4, 0);
        var c7 = EmptyColumn(2, 3, 0);
        var c8 = EmptyColumn(1, 2, 0);
        var c9 = EmptyColumn(0, 1, 0);

        var highBase = Lanes256.Broadcast(HighBase);
        var bothBases = Lanes256.Broadcast(HighBase + LowBase);
        Lanes256.AddProduct(a0, b0, highBase, bothBases, ref c0, ref c1);
        Lanes256.AddProduct(a0, b1, highBase, bothBases, ref c1, ref c2);
        Lanes256.AddProduct(a1, b0, highBase, bothBases, ref c1, ref c2);
        Lanes256.AddProduct(a0, b2, highBase, bothBases, ref c2, ref c3);
        Lanes256.AddProduct(a1, b1, highBase, bothBases, ref c2, ref c3);
        Lanes256.AddProduct(a2, b0, highBase, bothBases, ref c2, ref c3);
        Lanes256.AddProduct(a0, b3, highBase, bothBases, ref c3, ref c4);
        Lanes256.AddProduct(a1, b2, highBase, bothBases, ref c3, ref c4);
        Lanes256.AddProduct(a2, b1, highBase, bothBases, ref c3, ref c4);
        Lanes256.AddProduct(a3, b0, highBase, bothBases, ref c3, ref c4);
        Lanes256.AddProduct(a0, b4, highBase, bothBases, ref c4, ref c5);
        Lanes256.AddProduct(a1, b3, highBase, bothBases, ref c4, ref c5);
        Lanes256.AddProduct(a2, b2, highBase, bothBases, ref c4, ref c5);
        Lanes256.AddProduct(a3, b1, highBase, bothBases, ref c4, ref c5);
        Lanes256.AddProduct(a4, b0, highBase, bothBases, ref c4, ref c5);
        Lanes256.AddProduct(a1, b4, highBase, bothBases, ref c5, ref c6);
        Lanes256.AddProduct(a2, b3, highBase, bothBases, ref c5, ref c6);
        Lanes256.AddProduct(a3, b2, highBase, bothBases, ref c5, ref c6);
        Lanes256.AddProduct(a4, b1, highBase, bothBases, ref c5, ref c6);
        Lanes256.AddProduct(a2, b4, highBase, bothBases, ref c6, ref c7);
        Lanes256.AddProduct(a3, b3, highBase, bothBases, ref c6, ref c7);
        Lanes256.AddProduct(a4, b2, highBase, bothBases, ref c6, ref c7);
        Lanes256.AddProduct(a3, b4, highBase, bothBases, ref c7, ref c8);
        Lanes256.AddProduct(a4, b3, highBase, bothBases, ref c7, ref c8);
        Lanes256.AddProduct(a4, b4, highBase, bothBases, ref c8, ref c9);
        Carry(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, out var l0, out var l1, out var l2, out var l3, out var l4);
        return new FieldVector(l0, l1, l2, l3, l4);
    }

    /// <summary>The product with itself, tight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public FieldVector Square()
    {
        Debug.Assert(2 * GreatestLimb() * GreatestLimb() < MaxProductOfLimbs, "A doubled product of limbs reaches 2^102.");
        Lanes256 a0 = _l0, a1 = _l1, a2 = _l2, a3 = _l3, a4 = _l4;
        SquareLimbs(ref a0, ref a1, ref a2, ref a3, ref a4);
        return new FieldVector(a0, a1, a2, a3, a4);
    }

    /// <inheritdoc/>
    /// <remarks>The limbs stay in registers between the squares, which saves almost half of the time.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public FieldVector SquareRepeatedly(int times)
    {
        Debug.Assert(2 * GreatestLimb() * GreatestLimb() < MaxProductOfLimbs, "A doubled product of limbs reaches 2^102.");
        Lanes256 a0 = _l0, a1 = _l1, a2 = _l2, a3 = _l3, a4 = _l4;
        for (var i = 0; i < times; i++)
            SquareLimbs(ref a0, ref a1, ref a2, ref a3, ref a4);
        return new FieldVector(a0, a1, a2, a3, a4);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FieldVector Tighten()
    {
        Debug.Assert(GreatestLimb() <= 4 * TightLimb, "An element is too wide to be tightened.");

        // Adding and taking away the base rounds to multiples of 2^51. The carry of a limb is at most 4, nineteen times
        // that below 2^10.
        var highBase = Lanes256.Broadcast(HighBase);
        var h0 = (_l0 + highBase) - highBase;
        var h1 = (_l1 + highBase) - highBase;
        var h2 = (_l2 + highBase) - highBase;
        var h3 = (_l3 + highBase) - highBase;
        var h4 = (_l4 + highBase) - highBase;
        var toNext = Lanes256.Broadcast(1 / Radix);
        return new FieldVector(
            Lanes256.FusedMultiplyAdd(h4, Lanes256.Broadcast(19 / Radix), _l0 - h0),
            Lanes256.FusedMultiplyAdd(h0, toNext, _l1 - h1),
            Lanes256.FusedMultiplyAdd(h1, toNext, _l2 - h2),
            Lanes256.FusedMultiplyAdd(h2, toNext, _l3 - h3),
            Lanes256.FusedMultiplyAdd(h3, toNext, _l4 - h4));
    }

    /// <summary>Applies <typeparamref name="TMap"/> to each limb.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal FieldVector Map<TMap>()
        where TMap : struct, ILaneMap =>
        new(TMap.Map(_l0), TMap.Map(_l1), TMap.Map(_l2), TMap.Map(_l3), TMap.Map(_l4));

    /// <inheritdoc/>
    public static FieldVector Broadcast(in FieldElement element)
    {
        Span<FieldElement> elements = stackalloc FieldElement[Lanes256.Count];
        elements.Fill(element);
        return FromLanes(elements);
    }

    /// <inheritdoc/>
    public static FieldVector FromLanes(ReadOnlySpan<FieldElement> elements)
    {
        // A transposition, in memory, as it is rare.
        Span<ulong> rows = stackalloc ulong[FieldElement.Limbs * Lanes256.Count];
        Span<ulong> limbs = stackalloc ulong[FieldElement.Limbs];
        for (var lane = 0; lane < Lanes256.Count; lane++)
        {
            elements[lane].WriteLimbs(limbs);
            for (var limb = 0; limb < limbs.Length; limb++)
                rows[(limb * Lanes256.Count) + lane] = limbs[limb] + UnsignedBaseBits;
        }

        var unsignedBase = Lanes256.Broadcast(UnsignedBase);
        return new FieldVector(
            Lanes256.Load(in rows[0]) - unsignedBase,
            Lanes256.Load(in rows[Lanes256.Count]) - unsignedBase,
            Lanes256.Load(in rows[2 * Lanes256.Count]) - unsignedBase,
            Lanes256.Load(in rows[3 * Lanes256.Count]) - unsignedBase,
            Lanes256.Load(in rows[4 * Lanes256.Count]) - unsignedBase).Tighten();
    }

    /// <inheritdoc/>
    public FieldElement ToLane(int lane)
    {
        Span<ulong> rows = stackalloc ulong[FieldElement.Limbs * Lanes256.Count];
        StoreRows(rows);
        return FieldElement.FromSignedLimbs(Limb(rows, 0, lane), Limb(rows, 1, lane), Limb(rows, 2, lane), Limb(rows, 3, lane), Limb(rows, 4, lane));

        static long Limb(ReadOnlySpan<ulong> rows, int limb, int lane) => (long)BitConverter.UInt64BitsToDouble(rows[(limb * Lanes256.Count) + lane]);
    }

    /// <inheritdoc/>
    public void WriteWords(Span<ulong> words, int stride)
    {
        Span<ulong> rows = stackalloc ulong[FieldElement.Limbs * Lanes256.Count];
        StoreRows(rows);
        for (var lane = 0; lane < Lanes256.Count; lane++)
        {
            for (var limb = 0; limb < FieldElement.Limbs; limb++)
                words[(lane * stride) + limb] = rows[(limb * Lanes256.Count) + lane];
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FieldVector BroadcastWords(ref readonly ulong words)
    {
        ref var first = ref Unsafe.AsRef(in words);
        return new FieldVector(
            Lanes256.BroadcastBits(first),
            Lanes256.BroadcastBits(Unsafe.Add(ref first, 1)),
            Lanes256.BroadcastBits(Unsafe.Add(ref first, 2)),
            Lanes256.BroadcastBits(Unsafe.Add(ref first, 3)),
            Lanes256.BroadcastBits(Unsafe.Add(ref first, 4)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void NegateWhereNegative(
        ReadOnlySpan<int> numbers, ref FieldVector yPlusX, ref FieldVector yMinusX, ref FieldVector xy)
    {
        var mask = Lanes256.MaskOfNegative(ref MemoryMarshal.GetReference(numbers));
        var plus = Select(mask, yMinusX, yPlusX);
        yMinusX = Select(mask, yPlusX, yMinusX);
        yPlusX = plus;

        // The sign of a double is its highest bit.
        var sign = Lanes256.AndBits(mask, Lanes256.BroadcastBits(1UL << 63));
        xy = new FieldVector(
            Lanes256.XorBits(xy._l0, sign), Lanes256.XorBits(xy._l1, sign), Lanes256.XorBits(xy._l2, sign), Lanes256.XorBits(xy._l3, sign), Lanes256.XorBits(xy._l4, sign));
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Words of a point are four limbs of each coordinate, X, Y, Z, T, and then the fifth limbs of all four: five times
    /// four words, the unit of a transposition.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PointVector<FieldVector> LoadPoints(ref readonly ulong words, ReadOnlySpan<int> offsets)
    {
        ref var first = ref Unsafe.AsRef(in words);
        Lanes256.LoadTransposed(in first, offsets, out var x0, out var x1, out var x2, out var x3);
        Lanes256.LoadTransposed(in Unsafe.Add(ref first, 4), offsets, out var y0, out var y1, out var y2, out var y3);
        Lanes256.LoadTransposed(in Unsafe.Add(ref first, 8), offsets, out var z0, out var z1, out var z2, out var z3);
        Lanes256.LoadTransposed(in Unsafe.Add(ref first, 12), offsets, out var t0, out var t1, out var t2, out var t3);
        Lanes256.LoadTransposed(in Unsafe.Add(ref first, 16), offsets, out var x4, out var y4, out var z4, out var t4);
        return new PointVector<FieldVector>(
            new FieldVector(x0, x1, x2, x3, x4),
            new FieldVector(y0, y1, y2, y3, y4),
            new FieldVector(z0, z1, z2, z3, z4),
            new FieldVector(t0, t1, t2, t3, t4));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePoints(in PointVector<FieldVector> points, ref ulong words, ReadOnlySpan<int> offsets)
    {
        ref readonly var x = ref points.X;
        ref readonly var y = ref points.Y;
        ref readonly var z = ref points.Z;
        ref readonly var t = ref points.T;
        Lanes256.StoreTransposed(ref words, offsets, x._l0, x._l1, x._l2, x._l3);
        Lanes256.StoreTransposed(ref Unsafe.Add(ref words, 4), offsets, y._l0, y._l1, y._l2, y._l3);
        Lanes256.StoreTransposed(ref Unsafe.Add(ref words, 8), offsets, z._l0, z._l1, z._l2, z._l3);
        Lanes256.StoreTransposed(ref Unsafe.Add(ref words, 12), offsets, t._l0, t._l1, t._l2, t._l3);
        Lanes256.StoreTransposed(ref Unsafe.Add(ref words, 16), offsets, x._l4, y._l4, z._l4, t._l4);
    }

    /// <summary>
    /// An empty sum of products, less the bases that its future products add: the given numbers of lower and upper
    /// halves.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes256 EmptyColumn(ulong lowerHalves, ulong upperHalves, ulong bias) =>
        Lanes256.BroadcastBits(unchecked(bias - (lowerHalves * LowBaseBits) - (upperHalves * HighBaseBits)));

    /// <summary>Squares an element; ten of the products of limbs occur twice in it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SquareLimbs(ref Lanes256 a0, ref Lanes256 a1, ref Lanes256 a2, ref Lanes256 a3, ref Lanes256 a4)
    {
        Lanes256 twice0 = a0 + a0, twice1 = a1 + a1, twice2 = a2 + a2, twice3 = a3 + a3;

        var c0 = EmptyColumn(1, 0, ColumnBias);
        var c1 = EmptyColumn(1, 1, ColumnBias);
        var c2 = EmptyColumn(2, 1, ColumnBias);
        var c3 = EmptyColumn(2, 2, ColumnBias);
        var c4 = EmptyColumn(3, 2, ColumnBias);
        var c5 = EmptyColumn(2, 3, 0);
        var c6 = EmptyColumn(2, 2, 0);
        var c7 = EmptyColumn(1, 2, 0);
        var c8 = EmptyColumn(1, 1, 0);
        var c9 = EmptyColumn(0, 1, 0);

        var highBase = Lanes256.Broadcast(HighBase);
        var bothBases = Lanes256.Broadcast(HighBase + LowBase);
        Lanes256.AddProduct(a0, a0, highBase, bothBases, ref c0, ref c1);
        Lanes256.AddProduct(twice0, a1, highBase, bothBases, ref c1, ref c2);
        Lanes256.AddProduct(twice0, a2, highBase, bothBases, ref c2, ref c3);
        Lanes256.AddProduct(a1, a1, highBase, bothBases, ref c2, ref c3);
        Lanes256.AddProduct(twice0, a3, highBase, bothBases, ref c3, ref c4);
        Lanes256.AddProduct(twice1, a2, highBase, bothBases, ref c3, ref c4);
        Lanes256.AddProduct(twice0, a4, highBase, bothBases, ref c4, ref c5);
        Lanes256.AddProduct(twice1, a3, highBase, bothBases, ref c4, ref c5);
        Lanes256.AddProduct(a2, a2, highBase, bothBases, ref c4, ref c5);
        Lanes256.AddProduct(twice1, a4, highBase, bothBases, ref c5, ref c6);
        Lanes256.AddProduct(twice2, a3, highBase, bothBases, ref c5, ref c6);
        Lanes256.AddProduct(twice2, a4, highBase, bothBases, ref c6, ref c7);
        Lanes256.AddProduct(a3, a3, highBase, bothBases, ref c6, ref c7);
        Lanes256.AddProduct(twice3, a4, highBase, bothBases, ref c7, ref c8);
        Lanes256.AddProduct(a4, a4, highBase, bothBases, ref c8, ref c9);
        Carry(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, out a0, out a1, out a2, out a3, out a4);
    }

    /// <summary>Brings the columns of a product to tight limbs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Carry(
        Lanes256 c0, Lanes256 c1, Lanes256 c2, Lanes256 c3, Lanes256 c4, Lanes256 c5, Lanes256 c6, Lanes256 c7, Lanes256 c8, Lanes256 c9,
        out Lanes256 l0, out Lanes256 l1, out Lanes256 l2, out Lanes256 l3, out Lanes256 l4)
    {
        // 2^255 is 19 modulo p. A lower half is at most 2^50 and an upper one 2^51, so no column passes 7·2^51, and
        // none of these 20·7·2^51 < 2^59: with the bias they are positive.
        c0 = AddTimes19(c0, c5);
        c1 = AddTimes19(c1, c6);
        c2 = AddTimes19(c2, c7);
        c3 = AddTimes19(c3, c8);
        c4 = AddTimes19(c4, c9);

        // Except for the bias, the carry of a column is at most 140 in magnitude, and that of c4 26, as c9 is a single
        // half: nineteen times that is below 2^10.
        var carry0 = AddTimes19(Lanes256.BroadcastBits(0), Lanes256.ShiftRightBits(c4, LimbBits));
        l0 = ToLimb(c0, carry0, 19 * CarryBias);
        l1 = ToLimb(c1, Lanes256.ShiftRightBits(c0, LimbBits), CarryBias);
        l2 = ToLimb(c2, Lanes256.ShiftRightBits(c1, LimbBits), CarryBias);
        l3 = ToLimb(c3, Lanes256.ShiftRightBits(c2, LimbBits), CarryBias);
        l4 = ToLimb(c4, Lanes256.ShiftRightBits(c3, LimbBits), CarryBias);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes256 AddTimes19(Lanes256 a, Lanes256 b) =>
        Lanes256.AddBits(Lanes256.AddBits(a, b), Lanes256.AddBits(Lanes256.ShiftLeftBits(b, 1), Lanes256.ShiftLeftBits(b, 4)));

    /// <summary>The lowest 51 bits of a column and the carry of the column below, as a double without a bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes256 ToLimb(Lanes256 column, Lanes256 carry, ulong carryBias)
    {
        var low = Lanes256.OrBits(Lanes256.AndBits(column, Lanes256.BroadcastBits(LimbMask)), Lanes256.BroadcastBits(UnsignedBaseBits));
        return Lanes256.AddBits(low, carry) - Lanes256.Broadcast(UnsignedBase + HalfRadix + carryBias);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FieldVector Select(Lanes256 mask, in FieldVector ones, in FieldVector zeros) =>
        new(
            Lanes256.SelectBits(mask, ones._l0, zeros._l0),
            Lanes256.SelectBits(mask, ones._l1, zeros._l1),
            Lanes256.SelectBits(mask, ones._l2, zeros._l2),
            Lanes256.SelectBits(mask, ones._l3, zeros._l3),
            Lanes256.SelectBits(mask, ones._l4, zeros._l4));

    private void StoreRows(Span<ulong> rows)
    {
        Lanes256.Store(_l0, ref rows[0]);
        Lanes256.Store(_l1, ref rows[Lanes256.Count]);
        Lanes256.Store(_l2, ref rows[2 * Lanes256.Count]);
        Lanes256.Store(_l3, ref rows[3 * Lanes256.Count]);
        Lanes256.Store(_l4, ref rows[4 * Lanes256.Count]);
    }

    private double GreatestLimb()
    {
        Span<ulong> rows = stackalloc ulong[FieldElement.Limbs * Lanes256.Count];
        StoreRows(rows);
        var greatest = 0.0;
        foreach (var limb in rows)
            greatest = Math.Max(greatest, Math.Abs(BitConverter.UInt64BitsToDouble(limb)));
        return greatest;
    }
}
