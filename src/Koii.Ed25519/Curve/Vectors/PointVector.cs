using System.Runtime.CompilerServices;

namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// Points side by side in extended coordinates (Hisil, Wong, Carter, Dawson, "Twisted Edwards Curves Revisited", 2008,
/// §3), each coordinate tight. The formulas are complete: no pair of points is an exception.
/// </summary>
internal readonly struct PointVector<TField>(in TField x, in TField y, in TField z, in TField t)
    where TField : struct, IFieldVector<TField>
{
    /// <summary>The words of one point in memory.</summary>
    internal const int Words = 4 * IFieldVector<TField>.WordsPerElement;

    internal readonly TField X = x;
    internal readonly TField Y = y;
    internal readonly TField Z = z;
    internal readonly TField T = t;

    internal static PointVector<TField> Identity
    {
        get
        {
            var zero = TField.Broadcast(FieldElement.Zero);
            var one = TField.Broadcast(FieldElement.One);
            return new PointVector<TField>(zero, one, one, zero);
        }
    }

    /// <summary>
    /// The sum with points whose Z is 1, given as (y+x)/2, (y−x)/2 and d·x·y: the formulas of §3.1 with k = 2d, all of
    /// A, B, C and D halved, which cancels in X/Z and Y/Z and makes D just Z.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal PointVector<TField> Add(in TField yPlusX, in TField yMinusX, in TField dxy)
    {
        var a = (Y - X) * yMinusX;
        var b = (Y + X) * yPlusX;
        return Complete(a, b, T * dxy, Z);
    }

    /// <summary>The sum, with <paramref name="twiceD"/> the constant 2d of the curve in all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal PointVector<TField> Add(in PointVector<TField> other, in TField twiceD)
    {
        var a = (Y - X).Tighten() * (other.Y - other.X);
        var b = (Y + X).Tighten() * (other.Y + other.X);
        return Complete(a, b, T * twiceD * other.T, (Z + Z) * other.Z);
    }

    internal ExtendedPoint ToLane(int lane) => new(X.ToLane(lane), Y.ToLane(lane), Z.ToLane(lane), T.ToLane(lane));

    /// <summary>From A, B, C, D, all tight, over E, F, G, H to the coordinates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static PointVector<TField> Complete(in TField a, in TField b, in TField c, in TField d)
    {
        // Each counts two, too much for a product of two of them: one factor of each product is tightened.
        var e = b - a;
        var f = (d - c).Tighten();
        var g = d + c;
        var h = (b + a).Tighten();
        return new PointVector<TField>(e * f, g * h, f * g, e * h);
    }
}
