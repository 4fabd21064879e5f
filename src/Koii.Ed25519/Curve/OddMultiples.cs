namespace Koii.Ed25519.Curve;

/// <summary>
/// Tables P, 3P, 5P, … for the multiplication by scalars in non-adjacent form. The multiple of digit d has the index
/// |d| / 2.
/// </summary>
internal static class OddMultiples
{
    /// <summary>The width of the form for any point: a short table, as each point needs a new one.</summary>
    internal const int PointWidth = 5;

    /// <summary>The width for B, whose table is computed once.</summary>
    internal const int BaseWidth = 8;

    /// <summary>The number of multiples that <see cref="Compute"/> writes: P, 3P, … 15P.</summary>
    internal const int Length = 1 << (PointWidth - 2);

    private static readonly AffineCachedPoint[] TableOfBase = ComputeOfBase();

    /// <summary>B, 3B, … 127B.</summary>
    internal static ReadOnlySpan<AffineCachedPoint> OfBase => TableOfBase;

    internal static void Compute(in ExtendedPoint point, Span<CachedPoint> multiples)
    {
        var twice = point.Double().ToExtended();
        multiples[0] = point.ToCached();
        for (var i = 1; i < Length; i++)
            multiples[i] = (twice + multiples[i - 1]).ToExtended().ToCached();
    }

    private static AffineCachedPoint[] ComputeOfBase()
    {
        var multiples = new AffineCachedPoint[1 << (BaseWidth - 2)];
        var twice = BasePoint.Value.Double().ToExtended().ToCached();
        var multiple = BasePoint.Value;
        for (var i = 0; i < multiples.Length; i++)
        {
            multiples[i] = multiple.ToAffineCached();
            multiple = (multiple + twice).ToExtended();
        }

        return multiples;
    }
}
