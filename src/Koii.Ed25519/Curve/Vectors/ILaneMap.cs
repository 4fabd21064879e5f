namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// A function that is applied to each limb of a field vector. It adds and moves lanes and does not mix limbs.
/// </summary>
internal interface ILaneMap
{
    static abstract Lanes256 Map(Lanes256 limb);
}
