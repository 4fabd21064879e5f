using System.Globalization;

namespace Koii.DbSharing.Records;

/// <summary>Numbers as ECMAScript prints them: the nearest double, by Number::toString (ECMAScript 2024, 6.1.6.1.20) in base ten.</summary>
internal static class EcmaScriptNumber
{
    /// <summary>No number is printed longer: a sign, <c>0.00000</c> and 17 digits.</summary>
    internal const int MaxLength = 32;

    private const NumberStyles JsonNumber = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>Finds the number that the text starts with.</summary>
    /// <param name="text">The text, to its end.</param>
    /// <param name="isCanonical">Whether the number prints as it stands. Where this is not known at a glance, it is false.</param>
    /// <returns>The length of the number, or 0 when there is none by JSON's grammar.</returns>
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

        // An integer of 15 digits is exact as a double; the only one that prints otherwise is -0.
        isCanonical = isInteger && digits <= 15 && !(startsWithZero && start > 0);
        return length;
    }

    /// <summary>Prints a number of JSON's grammar.</summary>
    /// <param name="text">The number, of any length.</param>
    /// <param name="output">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>How many bytes were written.</returns>
    internal static int Rewrite(ReadOnlySpan<byte> text, Span<byte> output)
    {
        // double.Parse rounds exactly however many digits there are, which Utf8JsonReader.GetDouble was seen not to do.
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

    /// <summary>The fewest digits that tell the value from its neighbours, without zeros around them; the value is 0.digits × 10^point.</summary>
    private static int ShortestDigits(double value, Span<byte> digits, out int point)
    {
        // .NET finds the digits but lays them out differently ("1E+20", "1E-05", "123.45").
        Span<byte> text = stackalloc byte[MaxLength];
        value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);

        // At a power of two the neighbour below is only half as far as the one above. .NET overlooks that for 2^-25 and 2^-958 and gives a
        // digit too few, so that its text is the neighbour's; both need all 17.
        if (double.IsPow2(value) && double.Parse(text[..length], JsonNumber, CultureInfo.InvariantCulture) != value)
            value.TryFormat(text, out length, "E16", CultureInfo.InvariantCulture);
        text = text[..length];
        point = 0;
        var mark = text.IndexOf((byte)'E');
        if (mark >= 0)
        {
            point = int.Parse(text[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..mark];
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
