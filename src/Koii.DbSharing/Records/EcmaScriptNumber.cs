using System.Globalization;

namespace Koii.DbSharing.Records;

/// <summary>
/// Writes the numbers of a JSON text as ECMAScript does: the nearest double, by Number::toString (ECMAScript 2024,
/// 6.1.6.1.20) in base ten.
/// </summary>
internal static class EcmaScriptNumber
{
    /// <summary>The maximum number of bytes: a sign, <c>0.00000</c> and 17 digits, rounded up.</summary>
    internal const int MaxLength = 32;

    private const NumberStyles JsonNumber = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>Measures the number at the start of the text.</summary>
    /// <param name="text">The remaining text.</param>
    /// <param name="isCanonical">
    /// <see langword="true"/> only if the number is certainly in canonical form; this is not tested for numbers that
    /// would have to be parsed.
    /// </param>
    /// <returns>The length of the number, or 0 if the text does not start with a number of JSON's grammar.</returns>
    internal static int Measure(ReadOnlySpan<byte> text, out bool isCanonical)
    {
        isCanonical = false;
        var start = At(text, 0) == '-' ? 1 : 0;
        var digits = CountDigits(text, start);
        var startsWithZero = At(text, start) == '0';
        if (digits == 0 || (startsWithZero && digits > 1))
            return 0;

        var length = start + digits;
        var isInteger = true;
        if (At(text, length) == '.')
        {
            isInteger = false;
            var fraction = CountDigits(text, ++length);
            if (fraction == 0)
                return 0;
            length += fraction;
        }

        if (At(text, length) is (byte)'e' or (byte)'E')
        {
            isInteger = false;
            if (At(text, ++length) is (byte)'+' or (byte)'-')
                length++;
            var exponent = CountDigits(text, length);
            if (exponent == 0)
                return 0;
            length += exponent;
        }

        // A double represents every integer of 15 digits exactly; of these only -0 has another canonical form.
        isCanonical = isInteger && digits <= 15 && !(startsWithZero && start > 0);
        return length;
    }

    /// <summary>Writes a number of JSON's grammar in canonical form.</summary>
    /// <param name="text">The number, of any length.</param>
    /// <param name="output">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>The number of bytes written.</returns>
    internal static int Write(ReadOnlySpan<byte> text, Span<byte> output)
    {
        // double.Parse rounds correctly for any number of digits. Utf8JsonReader.GetDouble does not.
        var value = double.Parse(text, JsonNumber, CultureInfo.InvariantCulture);
        if (double.IsInfinity(value))
        {
            "null"u8.CopyTo(output);
            return 4;
        }

        if (value == 0)
        {
            output[0] = (byte)'0';
            return 1;
        }

        var sign = value < 0 ? 1 : 0;
        output[0] = (byte)'-';
        return sign + WritePositive(Math.Abs(value), output[sign..]);
    }

    private static byte At(ReadOnlySpan<byte> text, int index) => (uint)index < (uint)text.Length ? text[index] : (byte)0;

    private static int CountDigits(ReadOnlySpan<byte> text, int start)
    {
        var at = start;
        while (char.IsAsciiDigit((char)At(text, at)))
            at++;
        return at - start;
    }

    private static int WritePositive(double value, Span<byte> output)
    {
        Span<byte> buffer = stackalloc byte[MaxLength];
        var digits = buffer[..ShortestDigits(value, buffer, out var point)];
        if (point is > 21 or <= -6)
            return WriteExponential(digits, point - 1, output);

        if (point <= 0)
        {
            "0.00000"u8[..(2 - point)].CopyTo(output);
            digits.CopyTo(output[(2 - point)..]);
            return 2 - point + digits.Length;
        }

        if (digits.Length <= point)
        {
            digits.CopyTo(output);
            output[digits.Length..point].Fill((byte)'0');
            return point;
        }

        digits[..point].CopyTo(output);
        output[point] = (byte)'.';
        digits[point..].CopyTo(output[(point + 1)..]);
        return digits.Length + 1;
    }

    private static int WriteExponential(ReadOnlySpan<byte> digits, int exponent, Span<byte> output)
    {
        var length = 0;
        output[length++] = digits[0];
        if (digits.Length > 1)
        {
            output[length++] = (byte)'.';
            digits[1..].CopyTo(output[length..]);
            length += digits.Length - 1;
        }

        output[length++] = (byte)'e';
        output[length++] = (byte)(exponent < 0 ? '-' : '+');
        Math.Abs(exponent).TryFormat(output[length..], out var written, default, CultureInfo.InvariantCulture);
        return length + written;
    }

    /// <summary>
    /// Gets the fewest digits that identify the value, without leading and trailing zeros. The value is 0.digits ×
    /// 10^point.
    /// </summary>
    private static int ShortestDigits(double value, Span<byte> digits, out int point)
    {
        // .NET computes the digits but formats them differently ("1E+20", "1E-05", "123.45").
        Span<byte> text = stackalloc byte[MaxLength];
        value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);

        // At a power of two the next lower double is half as far as the next higher one. For 2^-25 and 2^-958 .NET
        // ignores that and writes one digit too few, which reads back as the neighbor; both need all 17 digits.
        if (double.IsPow2(value) && double.Parse(text[..length], JsonNumber, CultureInfo.InvariantCulture) != value)
            value.TryFormat(text, out length, "E16", CultureInfo.InvariantCulture);
        text = text[..length];
        point = 0;
        var exponent = text.IndexOf((byte)'E');
        if (exponent >= 0)
        {
            point = int.Parse(text[(exponent + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..exponent];
        }

        var dot = text.IndexOf((byte)'.');
        point += dot < 0 ? text.Length : dot;
        var count = 0;
        foreach (var symbol in text)
        {
            if (symbol == '.')
                continue;
            if (count == 0 && symbol == '0')
                point--;
            else
                digits[count++] = symbol;
        }

        return digits[..count].TrimEnd((byte)'0').Length;
    }
}
