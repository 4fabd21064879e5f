namespace Koii.Ed25519.Curve;

/// <summary>
/// A point as x = X/Z, y = Y/Z. Doubling needs no more, so a chain of doublings does not compute T. Coordinates as in
/// <see cref="ExtendedPoint"/>.
/// </summary>
internal readonly struct ProjectivePoint(in FieldElement x, in FieldElement y, in FieldElement z)
{
    internal readonly FieldElement X = x;
    internal readonly FieldElement Y = y;
    internal readonly FieldElement Z = z;

    /// <summary>Whether the point is (0, 1).</summary>
    internal bool IsIdentity => X.IsZero && Y.HasValueOf(Z);

    /// <summary>
    /// The double, by §3.3 of Hisil and others with a = −1 and all four factors negated, which changes no product of
    /// two.
    /// </summary>
    internal CompletedPoint Double()
    {
        var a = X.Square();
        var b = Y.Square();
        var zz = Z.Square();
        var h = a + b;
        var e = h - (X + Y).Square();
        var g = a - b;

        // 2·2^51 for twice Z² and 3·2^51 for G: below 2^54.
        var f = zz + zz + g;
        return new CompletedPoint(e, f, g, h);
    }

    /// <summary>The point times 8, the cofactor.</summary>
    internal ProjectivePoint MultiplyByCofactor() => Double().ToProjective().Double().ToProjective().Double().ToProjective();
}
