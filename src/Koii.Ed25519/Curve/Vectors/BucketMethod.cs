using System.Buffers;

namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// Sums of multiples of many points by buckets (Pippenger, "On the evaluation of powers and related problems", 1976; in
/// this form Bernstein, Doumen, Lange, Oosterwijk, "Faster batch forgery identification", 2012, §4): scalars are cut
/// into windows of signed digits, the points with the same digit in a window are summed in one bucket, and each bucket
/// is then multiplied by its digit. Lanes are windows: a step adds one point to a bucket of each lane. Its time depends
/// on the scalars.
/// </summary>
internal static class BucketMethod<TField>
    where TField : struct, IFieldVector<TField>
{
    private const int PointWords = PointVector<TField>.Words;

    private static readonly TField TwiceD = TField.Broadcast(EdwardsCurve.TwiceD);
    private static readonly ulong[] BaseWords = AffinePoint.ToWords<TField>(BasePoint.Value);

    /// <summary>Σ [scalar]point over two rows of terms, and [<paramref name="b"/>]B.</summary>
    /// <param name="full">Terms with any scalars.</param>
    /// <param name="half">Terms with scalars from −2^127 to 2^127, which take half the additions.</param>
    /// <param name="b">The scalar of the base point.</param>
    internal static ExtendedPoint Sum(in TermRow full, in TermRow half, in Scalar b)
    {
        var basePoint = new TermRow(BaseWords, new ReadOnlySpan<Scalar>(in b));
        var width = BestWidth(full.Count, half.Count);
        var fullGroups = Groups(Scalar.FullBits, width);
        var halfGroups = Groups(Scalar.HalfBits, width);
        var buckets = ArrayPool<ulong>.Shared.Rent(TField.Lanes * LaneWords(width));
        var offsets = ArrayPool<int>.Shared.Rent(TField.Lanes * ((fullGroups * (full.Count + 1)) + (halfGroups * half.Count)));
        try
        {
            var fullOffsets = offsets.AsSpan(0, TField.Lanes * fullGroups * full.Count);
            var halfOffsets = offsets.AsSpan(fullOffsets.Length, TField.Lanes * halfGroups * half.Count);
            var baseOffsets = offsets.AsSpan(fullOffsets.Length + halfOffsets.Length, TField.Lanes * fullGroups);
            FindBuckets(full.Scalars, width, fullGroups, fullOffsets);
            FindBuckets(half.Scalars, width, halfGroups, halfOffsets);
            FindBuckets(basePoint.Scalars, width, fullGroups, baseOffsets);

            var sum = ExtendedPoint.Identity;
            for (var group = fullGroups - 1; group >= 0; group--)
            {
                Empty(buckets, width);
                Fill(buckets, basePoint, baseOffsets[(TField.Lanes * group)..]);
                Fill(buckets, full, fullOffsets[(TField.Lanes * group * full.Count)..]);
                if (group < halfGroups)
                    Fill(buckets, half, halfOffsets[(TField.Lanes * group * half.Count)..]);

                // Horner's rule over the windows.
                var windows = Weigh(buckets, width);
                for (var lane = TField.Lanes - 1; lane >= 0; lane--)
                    sum = (sum.DoubleRepeatedly(width) + windows.ToLane(lane).ToCached()).ToExtended();
            }

            return sum;
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(buckets);
            ArrayPool<int>.Shared.Return(offsets);
        }
    }

    /// <summary>
    /// Wider windows are fewer, so each point is added less often, but have more buckets. The cost is counted in
    /// products.
    /// </summary>
    private static int BestWidth(int full, int half)
    {
        const int addition = 8;
        const int weighing = 20;
        var (best, least) = (0, long.MaxValue);
        for (var width = 3; width <= 10; width++)
        {
            long groups = Groups(Scalar.FullBits, width);
            var cost = (addition * ((groups * full) + (Groups(Scalar.HalfBits, width) * (long)half))) + (weighing * groups * (1 << (width - 1)));
            if (cost < least)
                (best, least) = (width, cost);
        }

        return best;
    }

    private static int Groups(int bits, int width) => (((bits + width - 1) / width) + TField.Lanes - 1) / TField.Lanes;

    /// <summary>
    /// Words of the buckets of one lane: one for each magnitude of a digit, including zero, whose bucket is not used.
    /// </summary>
    private static int LaneWords(int width) => ((1 << (width - 1)) + 1) * PointWords;

    /// <summary>
    /// Computes the bucket of each digit, by group of windows, then scalar, then lane: its offset in words, or the
    /// complement of the offset if the digit is negative.
    /// </summary>
    private static void FindBuckets(ReadOnlySpan<Scalar> scalars, int width, int groups, Span<int> offsets)
    {
        Span<short> digits = stackalloc short[Scalar.FullBits];
        digits = digits[..(groups * TField.Lanes)];
        for (var i = 0; i < scalars.Length; i++)
        {
            scalars[i].WriteSignedWindows(width, digits);
            for (var window = 0; window < digits.Length; window++)
            {
                var (group, lane) = (window / TField.Lanes, window % TField.Lanes);
                int digit = digits[window];
                var offset = (lane * LaneWords(width)) + (Math.Abs(digit) * PointWords);
                offsets[(((group * scalars.Length) + i) * TField.Lanes) + lane] = digit < 0 ? ~offset : offset;
            }
        }
    }

    private static void Empty(Span<ulong> buckets, int width)
    {
        Span<int> offsets = stackalloc int[TField.Lanes];
        var identity = PointVector<TField>.Identity;
        for (var bucket = 0; bucket < LaneWords(width); bucket += PointWords)
        {
            SetOffsets(offsets, bucket, width);
            TField.StorePoints(identity, ref buckets[0], offsets);
        }
    }

    private static void Fill(Span<ulong> buckets, in TermRow row, ReadOnlySpan<int> signedOffsets)
    {
        Span<int> offsets = stackalloc int[TField.Lanes];
        for (var i = 0; i < row.Count; i++)
        {
            var signed = signedOffsets.Slice(i * TField.Lanes, TField.Lanes);
            for (var lane = 0; lane < offsets.Length; lane++)
                offsets[lane] = signed[lane] ^ (signed[lane] >> 31);

            AffinePoint.Broadcast<TField>(row.Points, i, out var yPlusX, out var yMinusX, out var dxy);
            TField.NegateWhereNegative(signed, ref yPlusX, ref yMinusX, ref dxy);
            TField.StorePoints(TField.LoadPoints(in buckets[0], offsets).Add(yPlusX, yMinusX, dxy), ref buckets[0], offsets);
        }
    }

    /// <summary>
    /// Σ magnitude·bucket for each lane: from the greatest magnitude down, a running sum is added to the total once for
    /// each step.
    /// </summary>
    private static PointVector<TField> Weigh(ReadOnlySpan<ulong> buckets, int width)
    {
        Span<int> offsets = stackalloc int[TField.Lanes];
        var running = PointVector<TField>.Identity;
        var total = running;
        for (var bucket = LaneWords(width) - PointWords; bucket > 0; bucket -= PointWords)
        {
            SetOffsets(offsets, bucket, width);
            running = running.Add(TField.LoadPoints(in buckets[0], offsets), TwiceD);
            total = total.Add(running, TwiceD);
        }

        return total;
    }

    private static void SetOffsets(Span<int> offsets, int bucket, int width)
    {
        for (var lane = 0; lane < offsets.Length; lane++)
            offsets[lane] = (lane * LaneWords(width)) + bucket;
    }
}
