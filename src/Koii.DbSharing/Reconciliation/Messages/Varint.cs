namespace Koii.DbSharing.Reconciliation.Messages;

/// <summary>Integers of the wire: base 128, most significant digit first, fewest digits, 0x80 set on all but the last (protocol §5).</summary>
internal static class Varint
{
    /// <summary>The length of the greatest in bytes.</summary>
    public const int MaxSize = 10;

    private const int BitsPerDigit = 7;
    private const byte DigitMask = 0x7F;
    private const byte MoreFollows = 0x80;

    /// <summary>Writes a number.</summary>
    /// <returns>How many bytes it took.</returns>
    public static int Write(Span<byte> destination, ulong value)
    {
        var size = 1;
        for (var rest = value >> BitsPerDigit; rest != 0; rest >>= BitsPerDigit)
            size++;
        for (var i = size - 1; i >= 0; i--, value >>= BitsPerDigit)
            destination[i] = (byte)((value & DigitMask) | (i == size - 1 ? 0u : MoreFollows));
        return size;
    }

    /// <summary>Reads a number and moves past it.</summary>
    /// <returns><see langword="false"/> where the source ends too early, or the number is over 64 bits or has more digits than it needs.</returns>
    public static bool TryRead(ref ReadOnlySpan<byte> source, out ulong value)
    {
        value = 0;
        for (var i = 0; i < source.Length && i < MaxSize; i++)
        {
            var isLeadingZero = i == 0 && source[i] == MoreFollows;
            if (isLeadingZero || value > ulong.MaxValue >> BitsPerDigit)
                return false;

            value = (value << BitsPerDigit) | (source[i] & (ulong)DigitMask);
            if ((source[i] & MoreFollows) == 0)
            {
                source = source[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
