using System.Runtime.CompilerServices;

namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// One point whose coordinates X, Y, Z, T are the four lanes of a vector, so that the four independent products of a
/// formula are one (Hisil, Wong, Carter, Dawson, "Twisted Edwards Curves Revisited", 2008, §4.2 and §4.4): for a single
/// chain of doublings. Coordinates are tight.
/// </summary>
internal readonly struct QuadPoint
{
    private static readonly FieldVector FactorsOfCached =
        FieldVector.FromLanes([FieldElement.One, FieldElement.One, FieldElement.FromInt32(2), EdwardsCurve.TwiceD]);

    private readonly FieldVector _xyzt;

    private QuadPoint(in FieldVector xyzt) => _xyzt = xyzt;

    internal static QuadPoint From(in ExtendedPoint point) => new(FieldVector.FromLanes([point.X, point.Y, point.Z, point.T]));

    internal ExtendedPoint ToExtended() => new(_xyzt.ToLane(0), _xyzt.ToLane(1), _xyzt.ToLane(2), _xyzt.ToLane(3));

    /// <summary>The double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal QuadPoint Double()
    {
        // F counts three, beside a tight factor.
        var products = _xyzt.Map<QuadMaps.LeftOfDouble>() * _xyzt.Map<QuadMaps.RightOfDouble>();
        return new QuadPoint(products.Map<QuadMaps.LeftOfDoubled>().Tighten() * products.Map<QuadMaps.RightOfDoubled>());
    }

    /// <summary>The sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal QuadPoint Add(in Cached other)
    {
        var products = _xyzt.Map<QuadMaps.DifferenceAndSum>() * other.Factors;
        return new QuadPoint(products.Map<QuadMaps.LeftOfAdded>().Tighten() * products.Map<QuadMaps.RightOfAdded>());
    }

    internal Cached ToCached() => new(_xyzt.Map<QuadMaps.DifferenceAndSum>() * FactorsOfCached);

    /// <summary>A point in the form that additions use: Y − X, Y + X, 2Z and 2d·T.</summary>
    internal readonly struct Cached(in FieldVector factors)
    {
        internal readonly FieldVector Factors = factors;

        public static Cached operator -(in Cached point) => new(point.Factors.Map<QuadMaps.Negated>());
    }
}
