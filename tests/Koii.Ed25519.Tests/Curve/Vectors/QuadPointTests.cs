using Koii.Ed25519.Curve.Vectors;
using static Koii.Ed25519.Tests.Curve.PointEncodingTests;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve.Vectors;

/// <summary>A point in four lanes against the reference.</summary>
[TestFixture]
internal sealed class QuadPointTests
{
    private static readonly Point[] Points = PointArithmeticTests.Points;

    [Test]
    public void Point_comes_back_from_the_lanes()
    {
        foreach (var p in Points)
            AssertIs(Quad(p), p, $"{p}");
    }

    [Test]
    public void Double_of_any_point_is_right()
    {
        foreach (var p in Points)
            AssertIs(Quad(p).Double(), Add(p, p), $"{p}");
    }

    [Test]
    public void Sum_and_difference_of_any_two_points_are_right()
    {
        foreach (var p in Points)
        {
            foreach (var q in Points)
            {
                AssertIs(Quad(p).Add(Quad(q).ToCached()), Add(p, q), $"{p} + {q}");
                AssertIs(Quad(p).Add(-Quad(q).ToCached()), Add(p, Negate(q)), $"{p} - {q}");
                AssertIs(Quad(p).Add(-(-Quad(q).ToCached())), Add(p, q), $"{p} - -{q}");
            }
        }
    }

    [Test]
    public void Chain_of_sums_and_doubles_stays_right()
    {
        // What one step leaves is what the next takes: its bounds must hold as well as its value.
        var random = new Random(2008);
        var (chain, expected) = (Quad(B), B);
        for (var step = 0; step < 300; step++)
        {
            var other = Points[random.Next(Points.Length)];
            (chain, expected) = random.Next(3) switch
            {
                0 => (chain.Double(), Add(expected, expected)),
                1 => (chain.Add(Quad(other).ToCached()), Add(expected, other)),
                _ => (chain.Add(-Quad(other).ToCached()), Add(expected, Negate(other))),
            };
            AssertIs(chain, expected, $"step {step}");
        }
    }

    private static void AssertIs(QuadPoint actual, Point expected, string what)
    {
        var point = actual.ToExtended();
        Assert.That(Written(point), Is.EqualTo(Encode(expected)), what);
        Assert.That((point.T * point.Z).HasValueOf(point.X * point.Y), Is.True, $"T of {what}");
    }

    private static QuadPoint Quad(Point point) => QuadPoint.From(FromReference.Point(point));
}
