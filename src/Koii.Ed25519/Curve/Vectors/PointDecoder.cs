namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// Decodes points side by side (RFC 8032 §5.1.3), and only from their canonical encodings: y below p, and no sign on x
/// = 0 (condition 2 of the rule). Its time depends on the bytes, which are public.
/// </summary>
internal static class PointDecoder<TField>
    where TField : struct, IFieldVector<TField>
{
    /// <summary>
    /// Decodes the points at the given indices, and writes each in the form of <see cref="AffinePoint"/> at the same
    /// index.
    /// </summary>
    /// <param name="encodings">The encodings, one after the other.</param>
    /// <param name="indices">The indices of the points to decode.</param>
    /// <param name="points">Receives the points, <see cref="AffinePoint.Words"/> each.</param>
    /// <param name="valid">Set for every index in <paramref name="indices"/>.</param>
    internal static void Decode(ReadOnlySpan<byte> encodings, ReadOnlySpan<int> indices, Span<ulong> points, Span<bool> valid)
    {
        for (var i = 0; i < indices.Length; i += TField.Lanes)
            DecodeLanes(encodings, indices.Slice(i, Math.Min(TField.Lanes, indices.Length - i)), points, valid);
    }

    private static void DecodeLanes(ReadOnlySpan<byte> encodings, ReadOnlySpan<int> indices, Span<ulong> points, Span<bool> valid)
    {
        Span<FieldElement> elements = stackalloc FieldElement[TField.Lanes];
        elements.Clear();
        for (var lane = 0; lane < indices.Length; lane++)
            elements[lane] = FieldElement.Read(PointEncoding.At(encodings, indices[lane]));

        var y = TField.FromLanes(elements);
        RecoverX(y, out var x, out var otherX, out var u, out var vxx);
        for (var lane = 0; lane < indices.Length; lane++)
        {
            var encoding = PointEncoding.At(encodings, indices[lane]);
            var uOfLane = u.ToLane(lane);
            var vxxOfLane = vxx.ToLane(lane);
            var isRoot = uOfLane.HasValueOf(vxxOfLane);
            var xOfLane = isRoot ? x.ToLane(lane) : otherX.ToLane(lane);
            var isNegative = PointEncoding.IsNegative(encoding);
            valid[indices[lane]] = PointEncoding.HasYBelowP(encoding)
                && (isRoot || (uOfLane + vxxOfLane).IsZero)
                && !(isNegative && xOfLane.IsZero);
            elements[lane] = xOfLane.IsNegative == isNegative ? xOfLane : -xOfLane;
        }

        AffinePoint.Write(TField.FromLanes(elements), y, indices, points);
    }

    /// <summary>
    /// The two candidates for a root of x² = u/v = (y² − 1)/(d·y² + 1), and v·x² of the first, which is u if the first
    /// candidate is a root and −u if the second one is. v is never zero, as −1/d is not a square.
    /// </summary>
    private static void RecoverX(in TField y, out TField x, out TField otherX, out TField u, out TField vxx)
    {
        var one = TField.Broadcast(FieldElement.One);
        var yy = y.Square();
        u = yy - one;
        var v = ((yy * TField.Broadcast(EdwardsCurve.D)) + one).Tighten();

        // The candidate is u·v³·(u·v⁷)^((p−5)/8): one exponentiation for division and root together.
        var v3 = v.Square() * v;
        var uv7 = v3.Square() * v * u;
        x = u * v3 * Powers<TField>.PowerOfPMinus5Over8(uv7);
        vxx = x.Square() * v;

        // If its square is −u/v, a root of −1 makes it right.
        otherX = x * TField.Broadcast(EdwardsCurve.SqrtOfMinusOne);
    }
}
