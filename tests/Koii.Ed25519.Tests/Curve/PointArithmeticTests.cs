using System.Numerics;
using Koii.Ed25519.Curve;
using static Koii.Ed25519.Tests.Curve.PointEncodingTests;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve;

/// <summary>Sums and multiples of points against the reference, which uses other formulas.</summary>
[TestFixture]
internal sealed class PointArithmeticTests
{
    /// <summary>Points of every order that there is: 1, 2, 4, 8, L and 2L to 8L.</summary>
    internal static readonly Point[] Points =
    [
        .. SmallOrderPoints,
        B,
        Negate(B),
        Add(Multiply(3, B), SmallOrderPoints[1]),
        Add(Multiply(5, B), SmallOrderPoints[2]),
        Add(Multiply(7, B), SmallOrderPoints[4]),
    ];

    [Test]
    public void Sum_and_difference_of_any_two_points_are_right()
    {
        // Among them doubles, opposites and the identity: the formulas know no exception.
        foreach (var p in Points)
        {
            foreach (var q in Points)
            {
                var sum = Encode(Add(p, q));
                var difference = Encode(Add(p, Negate(q)));
                Assert.Multiple(() =>
                {
                    Assert.That(Written((Read(p) + Read(q).ToCached()).ToExtended()), Is.EqualTo(sum));
                    Assert.That(Written((Read(p) - Read(q).ToCached()).ToExtended()), Is.EqualTo(difference));
                    Assert.That(Written((Read(p) + Read(q).ToAffineCached()).ToExtended()), Is.EqualTo(sum));
                    Assert.That(Written((Read(p) - Read(q).ToAffineCached()).ToExtended()), Is.EqualTo(difference));
                    Assert.That(Written((-Read(p) + Read(q).ToCached()).ToExtended()), Is.EqualTo(Encode(Add(Negate(p), q))));
                });
            }
        }
    }

    [Test]
    public void Double_and_multiple_by_the_cofactor_are_right()
    {
        foreach (var p in Points)
        {
            var eight = Read(p).ToProjective().MultiplyByCofactor();
            Assert.Multiple(() =>
            {
                Assert.That(Written(Read(p).Double().ToExtended()), Is.EqualTo(Encode(Add(p, p))));
                Assert.That(Written(new ExtendedPoint(eight.X, eight.Y, eight.Z, FieldElement.Zero)), Is.EqualTo(Encode(Multiply(8, p))));
            });
        }
    }

    [Test]
    public void Sum_of_two_multiples_is_right()
    {
        var random = new Random(1964);
        foreach (var p in Points)
        {
            var (a, b) = (RandomScalar(random), RandomScalar(random));
            var expected = Add(Multiply(a, p), Multiply(b, B));
            Assert.That(Written(DoubleScalarMultiplication.Multiply(Read(a), Read(p), Read(b))), Is.EqualTo(Encode(expected)), $"{a}, {b}");
        }
    }

    [Test]
    public void Sum_of_two_multiples_is_right_at_the_ends()
    {
        var point = Multiply(11, B);
        foreach (var a in Ends)
        {
            foreach (var b in Ends)
            {
                var expected = Add(Multiply(a, point), Multiply(b, B));
                Assert.That(Written(DoubleScalarMultiplication.Multiply(Read(a), Read(point), Read(b))), Is.EqualTo(Encode(expected)), $"{a}, {b}");
            }
        }
    }

    private static IEnumerable<BigInteger> Ends => [0, 1, 2, 8, 15, 16, 17, (BigInteger.One << 252) - 1, L - 2, L - 1];

    private static ExtendedPoint Read(Point point) =>
        PointEncoding.TryRead(Encode(point), out var read) ? read : throw new ArgumentException("Not a point.", nameof(point));

    private static Scalar Read(BigInteger number) =>
        Scalar.TryRead(Bytes(number), out var read) ? read : throw new ArgumentException("Not a scalar.", nameof(number));

    private static BigInteger RandomScalar(Random random)
    {
        var bytes = new byte[64];
        random.NextBytes(bytes);
        return ModuloL(Number(bytes));
    }
}
