using Koii.Ed25519.Curve.Vectors;

namespace Koii.Ed25519.Curve;

/// <summary>
/// The 32 bytes of a point: y in little-endian order, and the sign of x as the highest bit (RFC 8032 §5.1.2).
/// </summary>
internal static class PointEncoding
{
    internal const int Size = FieldElement.Size;

    private const byte SignBit = 0x80;

    /// <summary>Reads a point, and only from its canonical encoding (see <see cref="PointDecoder{TField}"/>).</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, out ExtendedPoint point)
    {
        Span<ulong> words = stackalloc ulong[AffinePoint.Words];
        Span<bool> valid = stackalloc bool[1];
        PointDecoder<FieldElement>.Decode(bytes, [0], words, valid);
        point = valid[0] ? AffinePoint.Read<FieldElement>(words) : ExtendedPoint.Identity;
        return valid[0];
    }

    /// <summary>One encoding of a list.</summary>
    internal static ReadOnlySpan<byte> At(ReadOnlySpan<byte> encodings, int index) => encodings.Slice(index * Size, Size);

    /// <summary>The sign of x.</summary>
    internal static bool IsNegative(ReadOnlySpan<byte> bytes) => (bytes[Size - 1] & SignBit) != 0;

    /// <summary>
    /// p is 2^255 − 19, little-endian ED FF … FF 7F: only nineteen values below 2^255 are not below it.
    /// </summary>
    internal static bool HasYBelowP(ReadOnlySpan<byte> bytes) =>
        bytes[0] < 0xED || (bytes[Size - 1] | SignBit) != 0xFF || bytes[1..(Size - 1)].ContainsAnyExcept((byte)0xFF);
}
