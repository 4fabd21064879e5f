namespace Koii.Ed25519.Curve;

/// <summary>
/// The result of an addition or doubling before its last products: E, F, G, H of Hisil and others, with X = E·F, Y =
/// G·H, Z = F·G, T = E·H. A doubling that follows does not need T, which saves a product.
/// </summary>
internal readonly struct CompletedPoint(in FieldElement e, in FieldElement f, in FieldElement g, in FieldElement h)
{
    private readonly FieldElement _e = e;
    private readonly FieldElement _f = f;
    private readonly FieldElement _g = g;
    private readonly FieldElement _h = h;

    internal ExtendedPoint ToExtended() => new(_e * _f, _g * _h, _f * _g, _e * _h);

    internal ProjectivePoint ToProjective() => new(_e * _f, _g * _h, _f * _g);
}
