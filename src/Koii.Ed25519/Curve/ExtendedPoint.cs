namespace Koii.Ed25519.Curve;

/// <summary>
/// A point of the curve in extended coordinates: x = X/Z, y = Y/Z, T = X·Y/Z (Hisil, Wong, Carter, Dawson, "Twisted
/// Edwards Curves Revisited", 2008, §3). The formulas are complete: no pair of points is an exception.
/// </summary>
/// <remarks>
/// Coordinates are tight, or the negation of something tight: limbs of at most 2^52 (see <see cref="FieldElement"/>).
/// No sum in the formulas then passes 2^54.
/// </remarks>
internal readonly struct ExtendedPoint(in FieldElement x, in FieldElement y, in FieldElement z, in FieldElement t)
{
    internal readonly FieldElement X = x;
    internal readonly FieldElement Y = y;
    internal readonly FieldElement Z = z;
    internal readonly FieldElement T = t;

    internal static ExtendedPoint Identity => new(FieldElement.Zero, FieldElement.One, FieldElement.One, FieldElement.Zero);

    public static ExtendedPoint operator -(in ExtendedPoint point) => new(-point.X, point.Y, point.Z, -point.T);

    /// <summary>The sum, by the formulas of §3.1 with k = 2d.</summary>
    public static CompletedPoint operator +(in ExtendedPoint p, in CachedPoint q)
    {
        var a = (p.Y - p.X) * q.YMinusX;
        var b = (p.Y + p.X) * q.YPlusX;
        var c = p.T * q.TwiceDT;
        var d = p.Z * q.TwiceZ;
        return new CompletedPoint(b - a, d - c, d + c, b + a);
    }

    /// <summary>The difference: negating a point swaps Y−X with Y+X and negates T, which swaps F with G.</summary>
    public static CompletedPoint operator -(in ExtendedPoint p, in CachedPoint q)
    {
        var a = (p.Y - p.X) * q.YPlusX;
        var b = (p.Y + p.X) * q.YMinusX;
        var c = p.T * q.TwiceDT;
        var d = p.Z * q.TwiceZ;
        return new CompletedPoint(b - a, d + c, d - c, b + a);
    }

    /// <summary>The sum with a point whose Z is 1, which saves a product.</summary>
    public static CompletedPoint operator +(in ExtendedPoint p, in AffineCachedPoint q)
    {
        var a = (p.Y - p.X) * q.YMinusX;
        var b = (p.Y + p.X) * q.YPlusX;
        var c = p.T * q.TwiceDXY;
        var d = p.Z + p.Z;
        return new CompletedPoint(b - a, d - c, d + c, b + a);
    }

    /// <summary>The difference with a point whose Z is 1.</summary>
    public static CompletedPoint operator -(in ExtendedPoint p, in AffineCachedPoint q)
    {
        var a = (p.Y - p.X) * q.YPlusX;
        var b = (p.Y + p.X) * q.YMinusX;
        var c = p.T * q.TwiceDXY;
        var d = p.Z + p.Z;
        return new CompletedPoint(b - a, d + c, d - c, b + a);
    }

    internal CompletedPoint Double() => ToProjective().Double();

    /// <summary>The point times 2^<paramref name="times"/>, which is at least 1.</summary>
    internal ExtendedPoint DoubleRepeatedly(int times)
    {
        var doubled = Double();
        for (var i = 1; i < times; i++)
            doubled = doubled.ToProjective().Double();
        return doubled.ToExtended();
    }

    internal ProjectivePoint ToProjective() => new(X, Y, Z);

    internal CachedPoint ToCached() => new(Y + X, Y - X, Z + Z, T * EdwardsCurve.TwiceD);

    /// <summary>The form for long-lived tables. It takes an inversion.</summary>
    internal AffineCachedPoint ToAffineCached()
    {
        var inverse = Z.Invert();
        var x = X * inverse;
        var y = Y * inverse;
        return new AffineCachedPoint(y + x, y - x, x * y * EdwardsCurve.TwiceD);
    }
}
