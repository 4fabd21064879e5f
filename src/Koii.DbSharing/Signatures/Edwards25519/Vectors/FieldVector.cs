using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Koii.DbSharing.Signatures.Edwards25519.Vectors;

/// <summary>
/// Field elements side by side, in five limbs of radix 2^51 like <see cref="FieldElement"/>, but signed and in doubles: multiplying doubles is what vector units do
/// fastest, and with a multiplication and addition that round once, the halves of a product of limbs are exact (Dekker, "A floating-point technique for extending the
/// available precision", 1971).
/// </summary>
/// <remarks>
/// <para>Limbs of a tight element are at most 2^50 + 2^10 in magnitude. Counts that multiply to 3 then keep each product of limbs below 2^102.</para>
/// <para>Products are compiled with all optimisations at once: until then they take many times as long, which a new process would feel.</para>
/// </remarks>
internal readonly struct FieldVector<TLanes> : IFieldVector<FieldVector<TLanes>>
    where TLanes : struct, ILanes<TLanes>
{
    private const int LimbBits = 51;
    private const ulong LimbMask = (1UL << LimbBits) - 1;
    private const double Radix = 1L << LimbBits;
    private const double TightLimb = (1L << 50) + (1L << 10);
    private const double MaxProductOfLimbs = Radix * Radix;

    // From 2^52 to 2^53 a double is its lowest mantissa bits and 2^52; around the middle of that range it carries signed numbers of 51 bits. Times 2^51, the same
    // holds of multiples of 2^51.
    private const double LowBase = 1.5 * (1L << 52);
    private const double HighBase = LowBase * Radix;
    private const ulong LowBaseBits = 0x4338_0000_0000_0000;
    private const ulong HighBaseBits = 0x4668_0000_0000_0000;
    private const double UnsignedBase = 1L << 52;
    private const ulong UnsignedBaseBits = 0x4330_0000_0000_0000;

    // What makes every column positive before its carry is cut off: a multiple of 2^51, and half of one, so that limbs come out around zero.
    private const ulong ColumnBias = (1UL << 62) + HalfRadix;
    private const ulong CarryBias = 1UL << (62 - LimbBits);
    private const ulong HalfRadix = 1UL << (LimbBits - 1);

    private readonly TLanes _l0, _l1, _l2, _l3, _l4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal FieldVector(TLanes l0, TLanes l1, TLanes l2, TLanes l3, TLanes l4)
    {
        _l0 = l0;
        _l1 = l1;
        _l2 = l2;
        _l3 = l3;
        _l4 = l4;
    }

    public static int Lanes => TLanes.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FieldVector<TLanes> operator +(in FieldVector<TLanes> a, in FieldVector<TLanes> b) =>
        new(a._l0 + b._l0, a._l1 + b._l1, a._l2 + b._l2, a._l3 + b._l3, a._l4 + b._l4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FieldVector<TLanes> operator -(in FieldVector<TLanes> a, in FieldVector<TLanes> b) =>
        new(a._l0 - b._l0, a._l1 - b._l1, a._l2 - b._l2, a._l3 - b._l3, a._l4 - b._l4);

    /// <summary>The product, tight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static FieldVector<TLanes> operator *(in FieldVector<TLanes> a, in FieldVector<TLanes> b)
    {
        Debug.Assert(a.GreatestLimb() * b.GreatestLimb() < MaxProductOfLimbs, "A product of limbs reaches 2^102.");
        TLanes a0 = a._l0, a1 = a._l1, a2 = a._l2, a3 = a._l3, a4 = a._l4;
        TLanes b0 = b._l0, b1 = b._l1, b2 = b._l2, b3 = b._l3, b4 = b._l4;

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

        var highBase = TLanes.Broadcast(HighBase);
        var bothBases = TLanes.Broadcast(HighBase + LowBase);
        TLanes.AddProduct(a0, b0, highBase, bothBases, ref c0, ref c1);
        TLanes.AddProduct(a0, b1, highBase, bothBases, ref c1, ref c2);
        TLanes.AddProduct(a1, b0, highBase, bothBases, ref c1, ref c2);
        TLanes.AddProduct(a0, b2, highBase, bothBases, ref c2, ref c3);
        TLanes.AddProduct(a1, b1, highBase, bothBases, ref c2, ref c3);
        TLanes.AddProduct(a2, b0, highBase, bothBases, ref c2, ref c3);
        TLanes.AddProduct(a0, b3, highBase, bothBases, ref c3, ref c4);
        TLanes.AddProduct(a1, b2, highBase, bothBases, ref c3, ref c4);
        TLanes.AddProduct(a2, b1, highBase, bothBases, ref c3, ref c4);
        TLanes.AddProduct(a3, b0, highBase, bothBases, ref c3, ref c4);
        TLanes.AddProduct(a0, b4, highBase, bothBases, ref c4, ref c5);
        TLanes.AddProduct(a1, b3, highBase, bothBases, ref c4, ref c5);
        TLanes.AddProduct(a2, b2, highBase, bothBases, ref c4, ref c5);
        TLanes.AddProduct(a3, b1, highBase, bothBases, ref c4, ref c5);
        TLanes.AddProduct(a4, b0, highBase, bothBases, ref c4, ref c5);
        TLanes.AddProduct(a1, b4, highBase, bothBases, ref c5, ref c6);
        TLanes.AddProduct(a2, b3, highBase, bothBases, ref c5, ref c6);
        TLanes.AddProduct(a3, b2, highBase, bothBases, ref c5, ref c6);
        TLanes.AddProduct(a4, b1, highBase, bothBases, ref c5, ref c6);
        TLanes.AddProduct(a2, b4, highBase, bothBases, ref c6, ref c7);
        TLanes.AddProduct(a3, b3, highBase, bothBases, ref c6, ref c7);
        TLanes.AddProduct(a4, b2, highBase, bothBases, ref c6, ref c7);
        TLanes.AddProduct(a3, b4, highBase, bothBases, ref c7, ref c8);
        TLanes.AddProduct(a4, b3, highBase, bothBases, ref c7, ref c8);
        TLanes.AddProduct(a4, b4, highBase, bothBases, ref c8, ref c9);
        return Carry(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9);
    }

    /// <summary>The product with itself, tight; ten of the products of limbs stand twice in it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public FieldVector<TLanes> Square()
    {
        Debug.Assert(2 * GreatestLimb() * GreatestLimb() < MaxProductOfLimbs, "A doubled product of limbs reaches 2^102.");
        TLanes a0 = _l0, a1 = _l1, a2 = _l2, a3 = _l3, a4 = _l4;
        TLanes twice0 = a0 + a0, twice1 = a1 + a1, twice2 = a2 + a2, twice3 = a3 + a3;

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

        var highBase = TLanes.Broadcast(HighBase);
        var bothBases = TLanes.Broadcast(HighBase + LowBase);
        TLanes.AddProduct(a0, a0, highBase, bothBases, ref c0, ref c1);
        TLanes.AddProduct(twice0, a1, highBase, bothBases, ref c1, ref c2);
        TLanes.AddProduct(twice0, a2, highBase, bothBases, ref c2, ref c3);
        TLanes.AddProduct(a1, a1, highBase, bothBases, ref c2, ref c3);
        TLanes.AddProduct(twice0, a3, highBase, bothBases, ref c3, ref c4);
        TLanes.AddProduct(twice1, a2, highBase, bothBases, ref c3, ref c4);
        TLanes.AddProduct(twice0, a4, highBase, bothBases, ref c4, ref c5);
        TLanes.AddProduct(twice1, a3, highBase, bothBases, ref c4, ref c5);
        TLanes.AddProduct(a2, a2, highBase, bothBases, ref c4, ref c5);
        TLanes.AddProduct(twice1, a4, highBase, bothBases, ref c5, ref c6);
        TLanes.AddProduct(twice2, a3, highBase, bothBases, ref c5, ref c6);
        TLanes.AddProduct(twice2, a4, highBase, bothBases, ref c6, ref c7);
        TLanes.AddProduct(a3, a3, highBase, bothBases, ref c6, ref c7);
        TLanes.AddProduct(twice3, a4, highBase, bothBases, ref c7, ref c8);
        TLanes.AddProduct(a4, a4, highBase, bothBases, ref c8, ref c9);
        return Carry(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FieldVector<TLanes> Tighten()
    {
        Debug.Assert(GreatestLimb() <= 4 * TightLimb, "An element is too wide to be tightened.");

        // Adding and taking away the base rounds to multiples of 2^51. What a limb hands on is 4 at most, nineteen times that below 2^10.
        var highBase = TLanes.Broadcast(HighBase);
        var h0 = (_l0 + highBase) - highBase;
        var h1 = (_l1 + highBase) - highBase;
        var h2 = (_l2 + highBase) - highBase;
        var h3 = (_l3 + highBase) - highBase;
        var h4 = (_l4 + highBase) - highBase;
        var toNext = TLanes.Broadcast(1 / Radix);
        return new FieldVector<TLanes>(
            TLanes.FusedMultiplyAdd(h4, TLanes.Broadcast(19 / Radix), _l0 - h0),
            TLanes.FusedMultiplyAdd(h0, toNext, _l1 - h1),
            TLanes.FusedMultiplyAdd(h1, toNext, _l2 - h2),
            TLanes.FusedMultiplyAdd(h2, toNext, _l3 - h3),
            TLanes.FusedMultiplyAdd(h3, toNext, _l4 - h4));
    }

    /// <summary>Makes each limb what <typeparamref name="TMap"/> makes of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal FieldVector<TLanes> Map<TMap>()
        where TMap : struct, ILaneMap<TLanes> =>
        new(TMap.Map(_l0), TMap.Map(_l1), TMap.Map(_l2), TMap.Map(_l3), TMap.Map(_l4));

    /// <inheritdoc/>
    public static FieldVector<TLanes> Broadcast(in FieldElement element)
    {
        Span<FieldElement> elements = stackalloc FieldElement[TLanes.Count];
        elements.Fill(element);
        return FromLanes(elements);
    }

    /// <inheritdoc/>
    public static FieldVector<TLanes> FromLanes(ReadOnlySpan<FieldElement> elements)
    {
        // From one limb of one lane to the next limb of all: a transposition, in memory, as it is rare.
        Span<ulong> rows = stackalloc ulong[FieldElement.Limbs * TLanes.Count];
        Span<ulong> limbs = stackalloc ulong[FieldElement.Limbs];
        for (var lane = 0; lane < TLanes.Count; lane++)
        {
            elements[lane].WriteLimbs(limbs);
            for (var limb = 0; limb < limbs.Length; limb++)
                rows[(limb * TLanes.Count) + lane] = limbs[limb] + UnsignedBaseBits;
        }

        var unsignedBase = TLanes.Broadcast(UnsignedBase);
        return new FieldVector<TLanes>(
            TLanes.Load(in rows[0]) - unsignedBase,
            TLanes.Load(in rows[TLanes.Count]) - unsignedBase,
            TLanes.Load(in rows[2 * TLanes.Count]) - unsignedBase,
            TLanes.Load(in rows[3 * TLanes.Count]) - unsignedBase,
            TLanes.Load(in rows[4 * TLanes.Count]) - unsignedBase).Tighten();
    }

    /// <inheritdoc/>
    public FieldElement ToLane(int lane)
    {
        Span<ulong> rows = stackalloc ulong[FieldElement.Limbs * TLanes.Count];
        StoreRows(rows);
        return FieldElement.FromSignedLimbs(Limb(rows, 0, lane), Limb(rows, 1, lane), Limb(rows, 2, lane), Limb(rows, 3, lane), Limb(rows, 4, lane));

        static long Limb(ReadOnlySpan<ulong> rows, int limb, int lane) => (long)BitConverter.UInt64BitsToDouble(rows[(limb * TLanes.Count) + lane]);
    }

    /// <inheritdoc/>
    public void WriteWords(Span<ulong> words, int stride)
    {
        Span<ulong> rows = stackalloc ulong[FieldElement.Limbs * TLanes.Count];
        StoreRows(rows);
        for (var lane = 0; lane < TLanes.Count; lane++)
        {
            for (var limb = 0; limb < FieldElement.Limbs; limb++)
                words[(lane * stride) + limb] = rows[(limb * TLanes.Count) + lane];
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FieldVector<TLanes> BroadcastWords(ref readonly ulong words)
    {
        ref var first = ref Unsafe.AsRef(in words);
        return new FieldVector<TLanes>(
            TLanes.BroadcastBits(first),
            TLanes.BroadcastBits(Unsafe.Add(ref first, 1)),
            TLanes.BroadcastBits(Unsafe.Add(ref first, 2)),
            TLanes.BroadcastBits(Unsafe.Add(ref first, 3)),
            TLanes.BroadcastBits(Unsafe.Add(ref first, 4)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void NegateWhereNegative(
        ReadOnlySpan<int> numbers, ref FieldVector<TLanes> yPlusX, ref FieldVector<TLanes> yMinusX, ref FieldVector<TLanes> xy)
    {
        var mask = TLanes.MaskOfNegative(ref MemoryMarshal.GetReference(numbers));
        var plus = Select(mask, yMinusX, yPlusX);
        yMinusX = Select(mask, yPlusX, yMinusX);
        yPlusX = plus;

        // The sign of a double is its highest bit.
        var sign = TLanes.AndBits(mask, TLanes.BroadcastBits(1UL << 63));
        xy = new FieldVector<TLanes>(
            TLanes.XorBits(xy._l0, sign), TLanes.XorBits(xy._l1, sign), TLanes.XorBits(xy._l2, sign), TLanes.XorBits(xy._l3, sign), TLanes.XorBits(xy._l4, sign));
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Words of a point are four limbs of each coordinate, X, Y, Z, T, and then the fifth limbs of all four: five times four words, which is what a
    /// transposition takes.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PointVector<FieldVector<TLanes>> LoadPoints(ref readonly ulong words, ReadOnlySpan<int> offsets)
    {
        ref var first = ref Unsafe.AsRef(in words);
        TLanes.LoadTransposed(in first, offsets, out var x0, out var x1, out var x2, out var x3);
        TLanes.LoadTransposed(in Unsafe.Add(ref first, 4), offsets, out var y0, out var y1, out var y2, out var y3);
        TLanes.LoadTransposed(in Unsafe.Add(ref first, 8), offsets, out var z0, out var z1, out var z2, out var z3);
        TLanes.LoadTransposed(in Unsafe.Add(ref first, 12), offsets, out var t0, out var t1, out var t2, out var t3);
        TLanes.LoadTransposed(in Unsafe.Add(ref first, 16), offsets, out var x4, out var y4, out var z4, out var t4);
        return new PointVector<FieldVector<TLanes>>(
            new FieldVector<TLanes>(x0, x1, x2, x3, x4),
            new FieldVector<TLanes>(y0, y1, y2, y3, y4),
            new FieldVector<TLanes>(z0, z1, z2, z3, z4),
            new FieldVector<TLanes>(t0, t1, t2, t3, t4));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePoints(in PointVector<FieldVector<TLanes>> points, ref ulong words, ReadOnlySpan<int> offsets)
    {
        ref readonly var x = ref points.X;
        ref readonly var y = ref points.Y;
        ref readonly var z = ref points.Z;
        ref readonly var t = ref points.T;
        TLanes.StoreTransposed(ref words, offsets, x._l0, x._l1, x._l2, x._l3);
        TLanes.StoreTransposed(ref Unsafe.Add(ref words, 4), offsets, y._l0, y._l1, y._l2, y._l3);
        TLanes.StoreTransposed(ref Unsafe.Add(ref words, 8), offsets, z._l0, z._l1, z._l2, z._l3);
        TLanes.StoreTransposed(ref Unsafe.Add(ref words, 12), offsets, t._l0, t._l1, t._l2, t._l3);
        TLanes.StoreTransposed(ref Unsafe.Add(ref words, 16), offsets, x._l4, y._l4, z._l4, t._l4);
    }

    /// <summary>A sum of no products yet, less what the bases of those to come will add: so many lower and so many upper halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes EmptyColumn(ulong lowerHalves, ulong upperHalves, ulong bias) =>
        TLanes.BroadcastBits(unchecked(bias - (lowerHalves * LowBaseBits) - (upperHalves * HighBaseBits)));

    /// <summary>Brings the columns of a product to tight limbs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FieldVector<TLanes> Carry(
        TLanes c0, TLanes c1, TLanes c2, TLanes c3, TLanes c4, TLanes c5, TLanes c6, TLanes c7, TLanes c8, TLanes c9)
    {
        // 2^255 is 19 modulo p. A lower half is at most 2^50 and an upper one 2^51, so no column passes 7·2^51, and none of these 20·7·2^51 < 2^59: with the bias they
        // are positive.
        c0 = AddTimes19(c0, c5);
        c1 = AddTimes19(c1, c6);
        c2 = AddTimes19(c2, c7);
        c3 = AddTimes19(c3, c8);
        c4 = AddTimes19(c4, c9);

        // What a column hands on is, but for the bias, at most 140 in magnitude, and what c4 hands on 26, as c9 is a single half: nineteen times that is below 2^10.
        var carry0 = AddTimes19(TLanes.BroadcastBits(0), TLanes.ShiftRightBits(c4, LimbBits));
        return new FieldVector<TLanes>(
            ToLimb(c0, carry0, 19 * CarryBias),
            ToLimb(c1, TLanes.ShiftRightBits(c0, LimbBits), CarryBias),
            ToLimb(c2, TLanes.ShiftRightBits(c1, LimbBits), CarryBias),
            ToLimb(c3, TLanes.ShiftRightBits(c2, LimbBits), CarryBias),
            ToLimb(c4, TLanes.ShiftRightBits(c3, LimbBits), CarryBias));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes AddTimes19(TLanes a, TLanes b) =>
        TLanes.AddBits(TLanes.AddBits(a, b), TLanes.AddBits(TLanes.ShiftLeftBits(b, 1), TLanes.ShiftLeftBits(b, 4)));

    /// <summary>The lowest 51 bits of a column and what the column below hands on, as a double without any bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes ToLimb(TLanes column, TLanes carry, ulong carryBias)
    {
        var low = TLanes.OrBits(TLanes.AndBits(column, TLanes.BroadcastBits(LimbMask)), TLanes.BroadcastBits(UnsignedBaseBits));
        return TLanes.AddBits(low, carry) - TLanes.Broadcast(UnsignedBase + HalfRadix + carryBias);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FieldVector<TLanes> Select(TLanes mask, in FieldVector<TLanes> ones, in FieldVector<TLanes> zeros) =>
        new(
            TLanes.SelectBits(mask, ones._l0, zeros._l0),
            TLanes.SelectBits(mask, ones._l1, zeros._l1),
            TLanes.SelectBits(mask, ones._l2, zeros._l2),
            TLanes.SelectBits(mask, ones._l3, zeros._l3),
            TLanes.SelectBits(mask, ones._l4, zeros._l4));

    private void StoreRows(Span<ulong> rows)
    {
        TLanes.Store(_l0, ref rows[0]);
        TLanes.Store(_l1, ref rows[TLanes.Count]);
        TLanes.Store(_l2, ref rows[2 * TLanes.Count]);
        TLanes.Store(_l3, ref rows[3 * TLanes.Count]);
        TLanes.Store(_l4, ref rows[4 * TLanes.Count]);
    }

    private double GreatestLimb()
    {
        Span<ulong> rows = stackalloc ulong[FieldElement.Limbs * TLanes.Count];
        StoreRows(rows);
        var greatest = 0.0;
        foreach (var limb in rows)
            greatest = Math.Max(greatest, Math.Abs(BitConverter.UInt64BitsToDouble(limb)));
        return greatest;
    }
}
