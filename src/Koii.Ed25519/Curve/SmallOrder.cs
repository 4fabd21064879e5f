namespace Koii.Ed25519.Curve;

/// <summary>
/// The eight points whose multiple by the cofactor is the identity. They have five values of y: 1 and −1 for the points
/// of order 1 and 2, 0 for order 4, and for order 8 the two roots of d·y⁴ + 2·y² = 1 that are elements, one the
/// negation of the other.
/// </summary>
internal static class SmallOrder
{
    private static readonly byte[][] Encodings =
    [
        Encode(FieldElement.One),
        Encode(-FieldElement.One),
        Encode(FieldElement.Zero),
        Convert.FromHexString("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        Convert.FromHexString("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ];

    /// <summary>Whether a canonical encoding is that of one of these points.</summary>
    internal static bool Contains(ReadOnlySpan<byte> encoding)
    {
        Span<byte> y = stackalloc byte[PointEncoding.Size];
        encoding.CopyTo(y);
        y[^1] &= 0x7F;
        foreach (var small in Encodings)
        {
            if (y.SequenceEqual(small))
                return true;
        }

        return false;
    }

    private static byte[] Encode(in FieldElement y)
    {
        var bytes = new byte[PointEncoding.Size];
        y.WriteTo(bytes);
        return bytes;
    }
}
