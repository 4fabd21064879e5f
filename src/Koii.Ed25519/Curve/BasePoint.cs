namespace Koii.Ed25519.Curve;

/// <summary>The base point B, y = 4/5 and x even (RFC 8032 §5.1).</summary>
internal static class BasePoint
{
    internal static readonly ExtendedPoint Value = Compute();

    private static ExtendedPoint Compute()
    {
        Span<byte> encoding = stackalloc byte[PointEncoding.Size];
        (FieldElement.FromInt32(4) * FieldElement.FromInt32(5).Invert()).WriteTo(encoding);
        return PointEncoding.TryRead(encoding, out var point) ? point : throw new InvalidOperationException("The base point is not on the curve.");
    }
}
