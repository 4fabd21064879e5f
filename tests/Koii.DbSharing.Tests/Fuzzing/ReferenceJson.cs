using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// A second, slow implementation of the canonical form: tokens from the base class library's reader, members in lists,
/// numbers with one more digit until they are read as the same value. It shares no code with
/// <see cref="Koii.DbSharing.Records.CanonicalJson"/>.
/// </summary>
internal static class ReferenceJson
{
    /// <param name="text">A JSON text, valid UTF-8.</param>
    public static byte[] Write(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = 1_000_000 });
        reader.Read();
        return Encoding.UTF8.GetBytes(Value(ref reader));
    }

    private static string Value(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray:
                var items = new List<string>();
                while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
                    items.Add(Value(ref reader));
                return $"[{string.Join(',', items)}]";
            case JsonTokenType.StartObject:
                var members = new List<(string Key, string Value)>();
                while (reader.Read() && reader.TokenType is not JsonTokenType.EndObject)
                {
                    var key = Unescape(reader.ValueSpan);
                    reader.Read();
                    var value = Value(ref reader);
                    var index = members.FindIndex(member => member.Key == key);
                    if (index < 0)
                        members.Add((key, value));
                    else
                        members[index] = (key, value);
                }

                var ordered = members.Where(member => Index(member.Key) is not null).OrderBy(
                    member => Index(member.Key)).Concat(members.Where(member => Index(member.Key) is null));
                return $"{{{string.Join(',', ordered.Select(member => $"{Quote(member.Key)}:{member.Value}"))}}}";
            case JsonTokenType.String:
                return Quote(Unescape(reader.ValueSpan));
            case JsonTokenType.Number:
                return Number(double.Parse(Encoding.ASCII.GetString(reader.ValueSpan), CultureInfo.InvariantCulture));
            default:
                return Encoding.ASCII.GetString(reader.ValueSpan);
        }
    }

    private static uint? Index(string key) =>
        uint.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < uint.MaxValue && index.ToString(
            CultureInfo.InvariantCulture) == key ? index : null;

    private static string Unescape(ReadOnlySpan<byte> raw)
    {
        var escaped = Encoding.UTF8.GetString(raw);
        var text = new StringBuilder();
        for (var at = 0; at < escaped.Length; at++)
        {
            if (escaped[at] != '\\')
            {
                text.Append(escaped[at]);
                continue;
            }

            var letter = escaped[++at];
            if (letter == 'u')
            {
                text.Append((char)Convert.ToInt32(escaped.Substring(at + 1, 4), 16));
                at += 4;
            }
            else
            {
                text.Append("\b\f\n\r\t\"\\/"["bfnrt\"\\/".IndexOf(letter)]);
            }
        }

        return text.ToString();
    }

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        for (var at = 0; at < text.Length; at++)
        {
            var unit = text[at];
            if ("\b\f\n\r\t\"\\".IndexOf(unit) is >= 0 and var shorthand)
                quoted.Append('\\').Append("bfnrt\"\\"[shorthand]);
            else if (char.IsHighSurrogate(unit) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
                quoted.Append(unit).Append(text[++at]);
            else if (unit < ' ' || char.IsSurrogate(unit))
                quoted.Append("\\u").Append(((int)unit).ToString("x4", CultureInfo.InvariantCulture));
            else
                quoted.Append(unit);
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>Number::toString of ECMAScript 2024, 6.1.6.1.20, step by step.</summary>
    private static string Number(double value)
    {
        if (double.IsInfinity(value))
            return "null";
        if (value == 0)
            return "0";
        if (value < 0)
            return "-" + Number(-value);

        var (digits, n) = Shortest(value);
        var k = digits.Length;
        if (k <= n && n <= 21)
            return digits + new string('0', n - k);
        if (n is > 0 and <= 21)
            return digits[..n] + "." + digits[n..];
        if (n is > -6 and <= 0)
            return "0." + new string('0', -n) + digits;
        var exponent = (n > 0 ? "e+" : "e-") + Math.Abs(n - 1).ToString(CultureInfo.InvariantCulture);
        return k == 1 ? digits + exponent : digits[..1] + "." + digits[1..] + exponent;
    }

    /// <summary>
    /// Gets the fewest digits, and of those the nearest, that are read as the value, and the position of the decimal
    /// point.
    /// </summary>
    private static (string Digits, int Point) Shortest(double value)
    {
        for (var precision = 0; ; precision++)
        {
            var text = value.ToString($"E{precision}", CultureInfo.InvariantCulture);
            var letter = text.IndexOf('E');
            var nearest = long.Parse(text[..letter].Replace(".", ""), CultureInfo.InvariantCulture);
            var exponent = int.Parse(text[(letter + 1)..], CultureInfo.InvariantCulture) - precision;
            // At a power of two the interval is wider above, so the next higher candidate may be inside it although the
            // nearest is not.
            foreach (var candidate in new[] { nearest, nearest + 1, nearest - 1 })
            {
                var digits = candidate.ToString(CultureInfo.InvariantCulture);
                if (double.Parse($"{digits}e{exponent.ToString(CultureInfo.InvariantCulture)}", CultureInfo.InvariantCulture) == value)
                    return (digits.TrimEnd('0'), digits.Length + exponent);
            }
        }
    }
}
