using System.Numerics;
using Koii.Ed25519.Curve;
using static Koii.Ed25519.Tests.Curve.PointEncodingTests;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve;

/// <summary>Sums of multiples of points against the reference.</summary>
[TestFixture]
internal sealed class MultiScalarMultiplicationTests
{
    private const int Count = 9;
    private static readonly BigInteger[] Ends = [0, 1, 2, 15, 16, 17, (BigInteger.One << 128) - 1, (BigInteger.One << 252) - 1, L - 1];

    [Test]
    public void Sum_of_any_adjacent_terms_is_right()
    {
        var random = new Random(1964);
        var terms = Enumerable.Range(0, Count).Select(i => (Number: SignatureKind.RandomScalar(random), Point: PointWithTorsion(i))).ToArray();
        AssertSumsAreRight(terms, SignatureKind.RandomScalar(random));
    }

    [Test]
    public void Sum_is_right_at_the_ends([Values(0, 4, 8)] int end)
    {
        var terms = Ends.Select((number, i) => (number, PointWithTorsion(i))).ToArray();
        AssertSumsAreRight(terms, Ends[end]);
    }

    [Test]
    public void Sum_of_nothing_is_the_multiple_of_the_base_point()
    {
        using var sums = new MultiScalarMultiplication(0);
        Assert.That(Written(sums.Sum(0, 0, Read(L - 1))), Is.EqualTo(Encode(Negate(B))));
    }

    private static void AssertSumsAreRight((BigInteger Number, Point Point)[] terms, BigInteger b)
    {
        using var sums = new MultiScalarMultiplication(terms.Length);
        var multiples = new Point[terms.Length];
        for (var i = 0; i < terms.Length; i++)
        {
            sums.SetTerm(i, Read(terms[i].Number), Read(terms[i].Point));
            multiples[i] = Multiply(terms[i].Number, terms[i].Point);
        }

        for (var start = 0; start < terms.Length; start++)
        {
            var expected = Multiply(b, B);
            for (var count = 1; start + count <= terms.Length; count++)
            {
                expected = Add(expected, multiples[start + count - 1]);
                Assert.That(Written(sums.Sum(start, count, Read(b))), Is.EqualTo(Encode(expected)), $"{count} from {start}");
            }
        }
    }

    private static Point PointWithTorsion(int i) => Add(Multiply(i, B), SmallOrderPoints[i % 8]);

    private static ExtendedPoint Read(Point point) =>
        PointEncoding.TryRead(Encode(point), out var read) ? read : throw new ArgumentException("Not a point.", nameof(point));

    private static Scalar Read(BigInteger number) =>
        Scalar.TryRead(Bytes(number), out var read) ? read : throw new ArgumentException("Not a scalar.", nameof(number));
}
