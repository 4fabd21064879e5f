namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>A point with Z = 1 prepared for being added: y+x, y−x and 2d·x·y. Tables of the base point consist of them.</summary>
internal readonly struct AffineCachedPoint(in FieldElement yPlusX, in FieldElement yMinusX, in FieldElement twiceDXY)
{
    internal readonly FieldElement YPlusX = yPlusX;
    internal readonly FieldElement YMinusX = yMinusX;
    internal readonly FieldElement TwiceDXY = twiceDXY;

    internal static AffineCachedPoint Identity => new(FieldElement.One, FieldElement.One, FieldElement.Zero);

    /// <summary><paramref name="a"/> where <paramref name="mask"/> is zero, <paramref name="b"/> where it is all ones, without a branch.</summary>
    internal static AffineCachedPoint Select(in AffineCachedPoint a, in AffineCachedPoint b, ulong mask) =>
        new(
            FieldElement.Select(a.YPlusX, b.YPlusX, mask),
            FieldElement.Select(a.YMinusX, b.YMinusX, mask),
            FieldElement.Select(a.TwiceDXY, b.TwiceDXY, mask));

    public static AffineCachedPoint operator -(in AffineCachedPoint point) => new(point.YMinusX, point.YPlusX, -point.TwiceDXY);
}
