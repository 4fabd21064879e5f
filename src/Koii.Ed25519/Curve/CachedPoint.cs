namespace Koii.Ed25519.Curve;

/// <summary>A point in the form that additions use: Y+X, Y−X, 2Z and 2d·T.</summary>
internal readonly struct CachedPoint(in FieldElement yPlusX, in FieldElement yMinusX, in FieldElement twiceZ, in FieldElement twiceDT)
{
    internal readonly FieldElement YPlusX = yPlusX;
    internal readonly FieldElement YMinusX = yMinusX;
    internal readonly FieldElement TwiceZ = twiceZ;
    internal readonly FieldElement TwiceDT = twiceDT;
}
