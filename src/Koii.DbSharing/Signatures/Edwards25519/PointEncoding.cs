namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>The 32 bytes of a point: y in little-endian order, and the sign of x as the highest bit (RFC 8032 §5.1.2).</summary>
internal static class PointEncoding
{
    internal const int Size = FieldElement.Size;

    private const byte SignBit = 0x80;

    /// <summary>
    /// Reads a point (RFC 8032 §5.1.3), and only from its canonical encoding: y below p, and no sign on x = 0 (protocol §2, clause 2). Its time
    /// depends on the bytes, which are public.
    /// </summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, out ExtendedPoint point)
    {
        point = ExtendedPoint.Identity;
        if (!HasYBelowP(bytes))
            return false;

        var y = FieldElement.Read(bytes);
        if (!TryRecoverX(y, out var x))
            return false;

        var isNegative = (bytes[Size - 1] & SignBit) != 0;
        if (isNegative && x.IsZero)
            return false;
        if (x.IsNegative != isNegative)
            x = -x;

        point = new ExtendedPoint(x, y, FieldElement.One, x * y);
        return true;
    }

    /// <summary>Writes the canonical encoding.</summary>
    internal static void Write(in ExtendedPoint point, Span<byte> bytes)
    {
        var inverse = point.Z.Invert();
        var x = point.X * inverse;
        var y = point.Y * inverse;
        y.WriteTo(bytes);
        if (x.IsNegative)
            bytes[Size - 1] |= SignBit;
    }

    /// <summary>p is 2^255 − 19, little-endian ED FF … FF 7F: only nineteen values below 2^255 are not below it.</summary>
    private static bool HasYBelowP(ReadOnlySpan<byte> bytes) =>
        bytes[0] < 0xED || (bytes[Size - 1] | SignBit) != 0xFF || bytes[1..(Size - 1)].ContainsAnyExcept((byte)0xFF);

    /// <summary>A root of x² = u/v = (y² − 1)/(d·y² + 1), if there is one; v is never zero, as −1/d is no square.</summary>
    private static bool TryRecoverX(in FieldElement y, out FieldElement x)
    {
        var yy = y.Square();
        var u = yy - FieldElement.One;
        var v = (yy * EdwardsCurve.D) + FieldElement.One;

        // The candidate is u·v³·(u·v⁷)^((p−5)/8): one exponentiation for division and root together.
        var v3 = v.Square() * v;
        var uv7 = v3.Square() * v * u;
        x = u * v3 * uv7.PowerOfPMinus5Over8();

        var vxx = x.Square() * v;
        if (u.HasValueOf(vxx))
            return true;

        // Else its square may be −u/v, and a root of −1 makes it right.
        x *= EdwardsCurve.SqrtOfMinusOne;
        return (vxx + u).IsZero;
    }
}
