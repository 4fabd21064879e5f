namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// <see cref="DoubleScalarMultiplication"/> with <see cref="QuadPoint"/>. Its time depends on the scalars, which are
/// public.
/// </summary>
internal static class QuadMultiplication
{
    private static readonly QuadPoint.Cached[] OddMultiplesOfBase = ComputeOddMultiplesOfBase();

    /// <summary>[<paramref name="a"/>]<paramref name="point"/> + [<paramref name="b"/>]B.</summary>
    internal static ExtendedPoint Multiply(in Scalar a, in ExtendedPoint point, in Scalar b)
    {
        Span<sbyte> aDigits = stackalloc sbyte[Scalar.NonAdjacentFormLength];
        Span<sbyte> bDigits = stackalloc sbyte[Scalar.NonAdjacentFormLength];
        a.WriteNonAdjacentForm(OddMultiples.PointWidth, aDigits);
        b.WriteNonAdjacentForm(OddMultiples.BaseWidth, bDigits);
        Span<QuadPoint.Cached> oddMultiples = stackalloc QuadPoint.Cached[OddMultiples.Length];
        ComputeOddMultiples(point, oddMultiples);

        var result = QuadPoint.From(ExtendedPoint.Identity);
        for (var i = Math.Max(aDigits.LastIndexOfAnyExcept((sbyte)0), bDigits.LastIndexOfAnyExcept((sbyte)0)); i >= 0; i--)
        {
            result = result.Double();
            Add(ref result, oddMultiples, aDigits[i]);
            Add(ref result, OddMultiplesOfBase, bDigits[i]);
        }

        return result.ToExtended();
    }

    private static void Add(ref QuadPoint sum, ReadOnlySpan<QuadPoint.Cached> oddMultiples, int digit)
    {
        if (digit > 0)
            sum = sum.Add(oddMultiples[digit / 2]);
        else if (digit < 0)
            sum = sum.Add(-oddMultiples[-digit / 2]);
    }

    private static void ComputeOddMultiples(in ExtendedPoint point, Span<QuadPoint.Cached> multiples)
    {
        var multiple = QuadPoint.From(point);
        var twice = multiple.Double().ToCached();
        multiples[0] = multiple.ToCached();
        for (var i = 1; i < multiples.Length; i++)
        {
            multiple = multiple.Add(twice);
            multiples[i] = multiple.ToCached();
        }
    }

    private static QuadPoint.Cached[] ComputeOddMultiplesOfBase()
    {
        var multiples = new QuadPoint.Cached[1 << (OddMultiples.BaseWidth - 2)];
        ComputeOddMultiples(BasePoint.Value, multiples);
        return multiples;
    }
}
