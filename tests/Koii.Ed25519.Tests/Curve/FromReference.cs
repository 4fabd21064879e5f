using System.Numerics;
using Koii.Ed25519.Curve;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve;

/// <summary>The library's form of what the reference has.</summary>
internal static class FromReference
{
    internal static FieldElement Element(BigInteger number) => FieldElement.Read(Bytes(Modulo(number)));

    internal static Scalar Scalar(BigInteger number)
    {
        Assert.That(Koii.Ed25519.Curve.Scalar.TryRead(Bytes(ModuloL(number)), out var scalar), Is.True);
        return scalar;
    }

    /// <summary>With a Z other than 1, wherever the point comes of a sum.</summary>
    internal static ExtendedPoint Point(Point point) =>
        new(Element(point.X * point.Z), Element(point.Y * point.Z), Element(point.Z * point.Z), Element(point.X * point.Y));

    /// <summary>With Z = 1.</summary>
    internal static ExtendedPoint AffinePoint(Point point)
    {
        var (x, y) = Affine(point);
        return new ExtendedPoint(Element(x), Element(y), FieldElement.One, Element(x * y));
    }

    /// <summary>x and y.</summary>
    internal static (BigInteger X, BigInteger Y) Affine(Point point)
    {
        var inverse = BigInteger.ModPow(point.Z, P - 2, P);
        return (Modulo(point.X * inverse), Modulo(point.Y * inverse));
    }
}
