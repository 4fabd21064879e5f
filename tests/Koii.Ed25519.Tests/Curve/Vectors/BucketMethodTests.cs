using System.Numerics;
using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;
using static Koii.Ed25519.Tests.Curve.PointEncodingTests;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve.Vectors;

/// <summary>
/// Sums of multiples of points against the reference. The points are multiples of B with known factors, so that one
/// multiple is all that the reference has to compute.
/// </summary>
[TestFixture(TypeArgs = [typeof(FieldElement)])]
[TestFixture(TypeArgs = [typeof(FieldVector)])]
internal sealed class BucketMethodTests<TField>
    where TField : struct, IFieldVector<TField>
{
    private static readonly BigInteger HalfBound = BigInteger.One << 127;

    private static readonly BigInteger[] Ends =
        [0, 1, 2, L - 1, L - 2, (L - 1) / 2, (L + 1) / 2, BigInteger.One << 251, (BigInteger.One << 251) - 1, (BigInteger.One << 252) - 1];

    private static readonly BigInteger[] HalfEnds = [0, 1, 2, -1, -2, HalfBound - 1, HalfBound, -HalfBound, 1 - HalfBound, BigInteger.One << 126];

    // Windows get wider with the number of terms: 3 to 8 bits.
    [TestCase(0, 0)]
    [TestCase(1, 0)]
    [TestCase(0, 1)]
    [TestCase(1, 1)]
    [TestCase(2, 2)]
    [TestCase(3, 3)]
    [TestCase(5, 5)]
    [TestCase(17, 17)]
    [TestCase(17, 3)]
    [TestCase(3, 17)]
    [TestCase(0, 64)]
    [TestCase(64, 0)]
    [TestCase(100, 100)]
    [TestCase(256, 256)]
    [TestCase(400, 400)]
    [TestCase(600, 900)]
    public void Sum_of_random_terms_is_right(int full, int half)
    {
        var random = new Random((1000 * full) + half);
        var b = SignatureKind.RandomScalar(random);
        AssertSumIsRight(
            [.. Points(full).Select(point => point.Times(SignatureKind.RandomScalar(random)))],
            [.. Points(half).Select(point => point.Times(RandomHalf(random)))],
            b);
    }

    [Test]
    public void Sum_is_right_at_the_ends([Values(1, 4, 20)] int rounds)
    {
        foreach (var b in Ends)
        {
            AssertSumIsRight(
                [.. Points(rounds * Ends.Length).Select((point, i) => point.Times(Ends[i % Ends.Length]))],
                [.. Points(rounds * HalfEnds.Length).Select((point, i) => point.Times(HalfEnds[i % HalfEnds.Length]))],
                b);
        }
    }

    [Test]
    public void Zeros_add_nothing([Values(1, 20, 100)] int count)
    {
        Term[] zeros = [.. Points(count).Select(point => point.Times(0))];
        AssertSumIsRight(zeros, zeros, 0);
        AssertSumIsRight(zeros, [.. zeros, Points(1)[0].Times(-7)], 9);
    }

    [Test]
    public void Equal_points_with_equal_and_opposite_scalars_are_added_like_any([Values(2, 16, 100)] int count)
    {
        var point = Points(1)[0];
        Term[] same = [.. Enumerable.Repeat(point.Times(12345), count)];
        Term[] opposite = [.. Enumerable.Range(0, count).Select(i => point.Times(i % 2 == 0 ? 12345 : -12345))];
        AssertSumIsRight(same, same, 0);
        AssertSumIsRight(opposite, opposite, 0);
        AssertSumIsRight(same, opposite, L - 1);
    }

    [Test]
    public void Base_point_among_the_terms_is_added_to_itself()
    {
        var random = new Random(1);
        var b = new LoggedPoint(1, B);
        var scalar = SignatureKind.RandomScalar(random);
        AssertSumIsRight([b.Times(scalar), b.Times(-scalar)], [b.Times(1)], scalar);
        AssertSumIsRight([b.Times(-scalar)], [], scalar);
    }

    [Test]
    public void Points_with_a_part_of_small_order_are_right_up_to_small_order([Values(8, 40, 200)] int count)
    {
        // The identity, the others of small order, and points with a part of each.
        var random = new Random(count);
        LoggedPoint[] points = [.. Points(count).Select((point, i) => i % 3 == 0
            ? new LoggedPoint(0, SmallOrderPoints[i % 8])
            : point with { Point = Add(point.Point, SmallOrderPoints[i % 8]) })];
        AssertSumIsRight(
            [.. points.Select(point => point.Times(SignatureKind.RandomScalar(random)))],
            [.. points.Select(point => point.Times(RandomHalf(random)))],
            SignatureKind.RandomScalar(random),
            cofactor: 8);
    }

    [Test]
    public void Points_of_small_order_with_small_scalars_are_exact([Range(0, 7)] int multiple)
    {
        // Scalars that stay what they are add no multiple of L.
        var random = new Random(multiple);
        Term[] terms = [.. Enumerable.Range(-20, 41).Select(scalar => new Term(scalar, new LoggedPoint(0, SmallOrderPoints[multiple])))];
        random.Shuffle(terms);
        var expected = Multiply(terms[..30].Aggregate(BigInteger.Zero, (sum, term) => sum + term.Scalar) + 8000, SmallOrderPoints[multiple]);
        Assert.That(Written(Sum(terms[..10], terms[10..30], 0)), Is.EqualTo(Encode(expected)));
    }

    private static void AssertSumIsRight(Term[] full, Term[] half, BigInteger b, int cofactor = 1)
    {
        var sum = Sum(full, half, b);
        if (cofactor != 1)
            sum = sum.DoubleRepeatedly(BitOperations.Log2((uint)cofactor));
        var logarithm = full.Concat(half).Aggregate(b, (total, term) => total + (term.Scalar * term.Point.Logarithm));
        Assert.That(Written(sum), Is.EqualTo(Encode(Multiply(ModuloL(cofactor * logarithm), B))), $"{full.Length} and {half.Length} terms, {b}");
    }

    private static ExtendedPoint Sum(Term[] full, Term[] half, BigInteger b) =>
        BucketMethod<TField>.Sum(new TermRow(Words(full), Scalars(full)), new TermRow(Words(half), Scalars(half)), FromReference.Scalar(b));

    private static ulong[] Words(Term[] terms) => [.. terms.SelectMany(term => AffinePoint.ToWords<TField>(FromReference.AffinePoint(term.Point.Point)))];

    private static Scalar[] Scalars(Term[] terms) => [.. terms.Select(term => FromReference.Scalar(term.Scalar))];

    private static BigInteger RandomHalf(Random random) => (SignatureKind.RandomScalar(random) & ((2 * HalfBound) - 1)) - HalfBound;

    private static LoggedPoint[] Points(int count)
    {
        var points = new LoggedPoint[count];
        var (logarithm, step) = (BigInteger.Pow(7, 80), BigInteger.Pow(11, 70));
        var (point, pointOfStep) = (Multiply(logarithm, B), Multiply(step, B));
        for (var i = 0; i < count; i++)
        {
            points[i] = new LoggedPoint(logarithm, point);
            (logarithm, point) = (logarithm + step, Add(point, pointOfStep));
        }

        return points;
    }

    /// <summary>A point, and how many times B it is, but for small order.</summary>
    private sealed record LoggedPoint(BigInteger Logarithm, Point Point)
    {
        internal Term Times(BigInteger scalar) => new(scalar, this);
    }

    private sealed record Term(BigInteger Scalar, LoggedPoint Point);
}
