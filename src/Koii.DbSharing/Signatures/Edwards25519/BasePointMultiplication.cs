namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>
/// [a]B for a secret a (Bernstein, Duif, Lange, Schwabe, Yang, "High-speed high-security signatures", 2012, §4): the scalar in
/// digits from −8 to 7 of radix 16, and a table of 1 to 8 times 16^(2i)·B. Every scalar takes the same steps and reads every
/// entry of every row.
/// </summary>
internal static class BasePointMultiplication
{
    private const int Rows = Scalar.Radix16Length / 2;
    private const int RowLength = 8;

    private static readonly AffineCachedPoint[] Table = ComputeTable();

    internal static ExtendedPoint Multiply(in Scalar a)
    {
        Span<sbyte> digits = stackalloc sbyte[Scalar.Radix16Length];
        a.WriteSignedRadix16(digits);

        // Σ d[2i+1]·16^(2i)·B, times 16, plus Σ d[2i]·16^(2i)·B: one table serves both.
        var result = ExtendedPoint.Identity;
        for (var row = 0; row < Rows; row++)
            result = (result + Select(row, digits[(2 * row) + 1])).ToExtended();
        result = MultiplyBy16(result);
        for (var row = 0; row < Rows; row++)
            result = (result + Select(row, digits[2 * row])).ToExtended();

        digits.Clear();
        return result;
    }

    /// <summary>The row's multiple by <paramref name="digit"/>, chosen by masks.</summary>
    private static AffineCachedPoint Select(int row, int digit)
    {
        var sign = digit >> 31;
        var magnitude = (digit ^ sign) - sign;
        var selected = AffineCachedPoint.Identity;
        for (var i = 1; i <= RowLength; i++)
        {
            // The difference of unequal numbers is below 2^32, so only zero minus one reaches bit 63.
            var isEqual = 0 - (((ulong)(uint)(magnitude ^ i) - 1) >> 63);
            selected = AffineCachedPoint.Select(selected, Table[(row * RowLength) + i - 1], isEqual);
        }

        return AffineCachedPoint.Select(selected, -selected, (ulong)(long)sign);
    }

    private static ExtendedPoint MultiplyBy16(in ExtendedPoint point) =>
        point.Double().ToProjective().Double().ToProjective().Double().ToProjective().Double().ToExtended();

    private static AffineCachedPoint[] ComputeTable()
    {
        var table = new AffineCachedPoint[Rows * RowLength];
        var power = BasePoint.Value;
        for (var row = 0; row < Rows; row++)
        {
            var step = power.ToCached();
            var multiple = power;
            for (var i = 0; i < RowLength; i++)
            {
                table[(row * RowLength) + i] = multiple.ToAffineCached();
                multiple = (multiple + step).ToExtended();
            }

            power = MultiplyBy16(MultiplyBy16(power));
        }

        return table;
    }
}
