namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>
/// [a]A + [b]B in one chain of doublings (Straus, "Addition chains of vectors", 1964), both scalars in non-adjacent form with
/// tables of odd multiples. Its time depends on the scalars: for verifying only.
/// </summary>
internal static class DoubleScalarMultiplication
{
    // Width 5 costs eight entries that are made anew for each A; width 8 costs 64 that are made once for B.
    private const int PointWidth = 5;
    private const int BaseWidth = 8;

    /// <summary>B, 3B, 5B, … 127B.</summary>
    private static readonly AffineCachedPoint[] OddMultiplesOfBase = ComputeOddMultiplesOfBase();

    /// <summary>[<paramref name="a"/>]<paramref name="point"/> + [<paramref name="b"/>]B.</summary>
    internal static ExtendedPoint Multiply(in Scalar a, in ExtendedPoint point, in Scalar b)
    {
        Span<sbyte> aDigits = stackalloc sbyte[Scalar.NonAdjacentFormLength];
        Span<sbyte> bDigits = stackalloc sbyte[Scalar.NonAdjacentFormLength];
        a.WriteNonAdjacentForm(PointWidth, aDigits);
        b.WriteNonAdjacentForm(BaseWidth, bDigits);
        Span<CachedPoint> oddMultiples = stackalloc CachedPoint[1 << (PointWidth - 2)];
        ComputeOddMultiples(point, oddMultiples);

        var highest = Math.Max(aDigits.LastIndexOfAnyExcept((sbyte)0), bDigits.LastIndexOfAnyExcept((sbyte)0));
        var result = ExtendedPoint.Identity;
        var chain = result.ToProjective();
        for (var i = highest; i >= 0; i--)
        {
            var step = chain.Double();
            int aDigit = aDigits[i], bDigit = bDigits[i];
            if (aDigit > 0)
                step = step.ToExtended() + oddMultiples[aDigit / 2];
            else if (aDigit < 0)
                step = step.ToExtended() - oddMultiples[-aDigit / 2];

            if (bDigit > 0)
                step = step.ToExtended() + OddMultiplesOfBase[bDigit / 2];
            else if (bDigit < 0)
                step = step.ToExtended() - OddMultiplesOfBase[-bDigit / 2];

            if (i == 0)
                result = step.ToExtended();
            else
                chain = step.ToProjective();
        }

        return result;
    }

    private static void ComputeOddMultiples(in ExtendedPoint point, Span<CachedPoint> multiples)
    {
        var twice = point.Double().ToExtended();
        multiples[0] = point.ToCached();
        for (var i = 1; i < multiples.Length; i++)
            multiples[i] = (twice + multiples[i - 1]).ToExtended().ToCached();
    }

    private static AffineCachedPoint[] ComputeOddMultiplesOfBase()
    {
        var multiples = new AffineCachedPoint[1 << (BaseWidth - 2)];
        var twice = BasePoint.Value.Double().ToExtended().ToCached();
        var multiple = BasePoint.Value;
        for (var i = 0; i < multiples.Length; i++)
        {
            multiples[i] = multiple.ToAffineCached();
            multiple = (multiple + twice).ToExtended();
        }

        return multiples;
    }
}
