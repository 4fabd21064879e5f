namespace Koii.Ed25519.Curve;

/// <summary>
/// [a]A + [b]B in one chain of doublings (Straus, "Addition chains of vectors", 1964), both scalars in non-adjacent
/// form with tables of odd multiples. Its time depends on the scalars, which are public.
/// </summary>
internal static class DoubleScalarMultiplication
{
    /// <summary>[<paramref name="a"/>]<paramref name="point"/> + [<paramref name="b"/>]B.</summary>
    internal static ExtendedPoint Multiply(in Scalar a, in ExtendedPoint point, in Scalar b)
    {
        Span<sbyte> aDigits = stackalloc sbyte[Scalar.NonAdjacentFormLength];
        Span<sbyte> bDigits = stackalloc sbyte[Scalar.NonAdjacentFormLength];
        a.WriteNonAdjacentForm(OddMultiples.PointWidth, aDigits);
        b.WriteNonAdjacentForm(OddMultiples.BaseWidth, bDigits);
        Span<CachedPoint> oddMultiples = stackalloc CachedPoint[OddMultiples.Length];
        OddMultiples.Compute(point, oddMultiples);
        var oddMultiplesOfBase = OddMultiples.OfBase;

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
                step = step.ToExtended() + oddMultiplesOfBase[bDigit / 2];
            else if (bDigit < 0)
                step = step.ToExtended() - oddMultiplesOfBase[-bDigit / 2];

            if (i == 0)
                result = step.ToExtended();
            else
                chain = step.ToProjective();
        }

        return result;
    }
}
