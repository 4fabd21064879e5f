using System.Numerics;
using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;
using static Koii.Ed25519.Tests.Curve.PointEncodingTests;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve.Vectors;

/// <summary>Sums of two multiples with a point in four lanes, against the reference and against integers.</summary>
[TestFixture]
internal sealed class QuadMultiplicationTests
{
    private static IEnumerable<BigInteger> Ends => [0, 1, 2, 8, 15, 16, 17, BigInteger.One << 251, (BigInteger.One << 252) - 1, (L - 1) / 2, L - 2, L - 1];

    [Test]
    public void Sum_of_two_multiples_of_points_of_any_order_is_right()
    {
        var random = new Random(1964);
        foreach (var p in PointArithmeticTests.Points)
        {
            var (a, b) = (SignatureKind.RandomScalar(random), SignatureKind.RandomScalar(random));
            AssertIsRight(a, p, b);
            AssertIsRight(a, p, 0);
            AssertIsRight(1, p, 0);
        }
    }

    [Test]
    public void Sum_of_two_multiples_is_right_at_the_ends()
    {
        foreach (var a in Ends)
        {
            foreach (var b in Ends)
                AssertIsRight(a, Multiply(11, B), b);
        }
    }

    [Test]
    public void Point_is_the_base_point_or_its_opposite_and_multiples_meet()
    {
        foreach (var a in Ends)
        {
            AssertIsRight(a, B, a);
            AssertIsRight(a, Negate(B), a);
        }
    }

    [Test]
    public void Sum_is_that_of_integers()
    {
        const int seed = 25519;
        var random = new Random(seed);
        var point = FromReference.Point(Add(Multiply(13, B), SmallOrderPoints[3]));
        for (var i = 0; i < 500; i++)
        {
            var (a, b) = (FromReference.Scalar(SignatureKind.RandomScalar(random)), FromReference.Scalar(SignatureKind.RandomScalar(random)));
            point = QuadMultiplication.Multiply(a, point, b) is var sum && i % 2 == 0 ? sum : -point;
            Assert.That(
                Written(QuadMultiplication.Multiply(a, point, b)), Is.EqualTo(Written(DoubleScalarMultiplication.Multiply(a, point, b))), $"seed {seed}, round {i}");
        }
    }

    private static void AssertIsRight(BigInteger a, Point point, BigInteger b) =>
        Assert.That(
            Written(QuadMultiplication.Multiply(FromReference.Scalar(a), FromReference.Point(point), FromReference.Scalar(b))),
            Is.EqualTo(Encode(Add(Multiply(a, point), Multiply(b, B)))),
            $"{a}, {point}, {b}");
}
