namespace Koii.Ed25519.Curve;

/// <summary>
/// A point with Z = 1 in the form that additions use: y+x, y−x and 2d·x·y. The tables of the base point consist of such
/// points.
/// </summary>
internal readonly struct AffineCachedPoint(in FieldElement yPlusX, in FieldElement yMinusX, in FieldElement twiceDXY)
{
    internal readonly FieldElement YPlusX = yPlusX;
    internal readonly FieldElement YMinusX = yMinusX;
    internal readonly FieldElement TwiceDXY = twiceDXY;
}
