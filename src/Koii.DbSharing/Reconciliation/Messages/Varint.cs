namespace Koii.DbSharing.Reconciliation.Messages;

/// <summary>
/// Reads and writes the integers of a message: base 128, most significant digit first, fewest digits, 0x80 set on all
/// but the last (protocol §5).
/// </summary>
internal static class Varint
{
    /// <summary>The maximum length in bytes.</summary>
    public const int MaxSize = 10;

    private const int BitsPerDigit = 7;
    private const byte DigitMask = 0x7F;
    private const byte ContinuationBit = 0x80;

    /// <summary>Writes a number.</summary>
    /// <returns>The number of bytes written.</returns>
    public static int Write(Span<byte> destination, ulong value)
    {
        var size = 1;
        for (var higher = value >> BitsPerDigit; higher != 0; higher >>= BitsPerDigit)
            size++;
        for (var i = size - 1; i >= 0; i--, value >>= BitsPerDigit)
            destination[i] = (byte)((value & DigitMask) | (i == size - 1 ? 0u : ContinuationBit));
        return size;
    }

    /// <summary>Reads a number and advances the source past it.</summary>
    /// <returns>
    /// <see langword="false"/> if the source ends too early, or the number exceeds 64 bits or has leading zeros.
    /// </returns>
    public static bool TryRead(ref ReadOnlySpan<byte> source, out ulong value)
    {
        value = 0;
        for (var i = 0; i < source.Length && i < MaxSize; i++)
        {
            var isLeadingZero = i == 0 && source[i] == ContinuationBit;
            if (isLeadingZero || value > ulong.MaxValue >> BitsPerDigit)
                return false;

            value = (value << BitsPerDigit) | (source[i] & (ulong)DigitMask);
            if ((source[i] & ContinuationBit) == 0)
            {
                source = source[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
