using System.Globalization;
using System.Text;

namespace Koii.DbSharing.Tests.Records;

/// <summary>Creates random JSON texts, with emphasis on what is difficult to canonicalize.</summary>
internal sealed class RandomJson(Random random)
{
    private static readonly string[] WhiteSpace = [" ", "\t", "\n", "\r", "\r\n", "  \n\t"];

    private static readonly string[] Keys =
    [
        "a", "b", "uuid", "data", "__proto__", "constructor", "toString", "length", "", "é", "日本", "🚀", "0", "1", "2", "9", "10", "00", "01", "-0", "-1",
        "1.5", "1e3", "4294967293", "4294967294", "4294967295", "4294967296", "9007199254740993", " 1", "1 ", "+1", "\\u0031", "\\u0061", "\\ud800", "\\uD83D\\uDE80",
    ];

    private static readonly string[] Characters =
    [
        "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "/", "<", ">", "&", "'", "+", "`", "\u007f", "\u0080", "\u00a0", "\u2028", "\u2029", "\ufeff",
        "\ufffd", "\uffff", "\ue000", "é", "日", "🚀", "\U0010ffff", "{", "}", "[", "]", ",", ":", " ",
    ];

    public string Next()
    {
        var text = new StringBuilder();
        Space(text);
        if (random.Next(100) == 0)
            Deep(text);
        else
            Value(text, random.Next(6));
        Space(text);
        return text.ToString();
    }

    /// <summary>
    /// Creates a text with one character changed or inserted, or with its end cut off; sometimes it is still JSON.
    /// </summary>
    public string NextDamaged()
    {
        var text = new StringBuilder(Next());
        var index = random.Next(text.Length);
        switch (random.Next(4))
        {
            case 0:
                text.Length = index;
                break;
            case 1:
                text.Insert(index, (char)random.Next(128));
                break;
            default:
                // UTF-8 cannot encode half of a surrogate pair.
                if (!char.IsSurrogate(text[index]))
                    text[index] = (char)random.Next(128);
                break;
        }

        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.ToString()));
    }

    public string Number()
    {
        var sign = random.Next(3) == 0 ? "-" : "";
        return sign + random.Next(9) switch
        {
            0 => random.Next(100).ToString(CultureInfo.InvariantCulture),
            1 => random.NextInt64(1L << random.Next(1, 63)).ToString(CultureInfo.InvariantCulture),
            2 => "0." + new string('0', random.Next(9)) + Digits(random.Next(1, 20)),
            3 => Digits(random.Next(1, 25)) + "." + Digits(random.Next(1, 25)),
            4 => Digits(1) + "." + Digits(random.Next(1, 20)) + Exponent(random.Next(-330, 312)),
            5 => Math.Abs(AnyDouble()).ToString(random.Next(2) == 0 ? "R" : "E16", CultureInfo.InvariantCulture),
            6 => Tie(),
            7 => Digits(random.Next(1, 700)) + (random.Next(2) == 0 ? "" : "." + Digits(random.Next(1, 700))) + Exponent(random.Next(-400, 400)),
            _ => Math.ScaleB(1.0, random.Next(-1074, 1024)).ToString("E20", CultureInfo.InvariantCulture),
        };
    }

    private static string Plain(string digits)
    {
        var plain = digits.TrimStart('0');
        return plain.Length == 0 ? "0" : plain;
    }

    private void Value(StringBuilder text, int levels)
    {
        switch (random.Next(levels > 0 ? 10 : 6))
        {
            case 0:
                text.Append(random.Next(3) switch { 0 => "true", 1 => "false", _ => "null" });
                break;
            case 1 or 2:
                String(text);
                break;
            case 3 or 4 or 5:
                text.Append(Number());
                break;
            case 6 or 7:
                List(text, '[', ']', random.Next(6), () => Value(text, levels - 1));
                break;
            default:
                var members = random.Next(20) == 0 ? random.Next(15, 60) : random.Next(8);
                List(text, '{', '}', members, () => Member(text, levels - 1));
                break;
        }
    }

    private void Member(StringBuilder text, int levels)
    {
        switch (random.Next(8))
        {
            case 0:
                String(text);
                break;
            case 1:
                text.Append(CultureInfo.InvariantCulture, $"\"{random.Next(30)}\"");
                break;
            case 2:
                text.Append(CultureInfo.InvariantCulture, $"\"k{random.Next(40)}\"");
                break;
            default:
                text.Append('"').Append(Keys[random.Next(Keys.Length)]).Append('"');
                break;
        }

        Space(text);
        text.Append(':');
        Space(text);
        Value(text, levels);
    }

    private void List(StringBuilder text, char open, char close, int count, Action item)
    {
        text.Append(open);
        Space(text);
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                text.Append(',');
            Space(text);
            item();
            Space(text);
        }

        text.Append(close);
    }

    private void Deep(StringBuilder text)
    {
        var levels = random.Next(60, 500);
        var closing = new Stack<string>();
        for (var level = 0; level < levels; level++)
        {
            var (open, close) = random.Next(4) switch { 0 => ("[", "]"), 1 => ("{\"a\":", "}"), 2 => ("{\"b\":1,\"0\":", "}"), _ => ("[1,", ",2]") };
            text.Append(open);
            closing.Push(close);
        }

        Value(text, 1);
        text.AppendJoin("", closing);
    }

    private void String(StringBuilder text)
    {
        text.Append('"');
        for (var count = random.Next(3) == 0 ? random.Next(40) : random.Next(6); count > 0; count--)
        {
            switch (random.Next(6))
            {
                case 0:
                    text.Append(Characters[random.Next(Characters.Length)]);
                    break;
                case 1:
                    Escape(text, random.Next(0x10000));
                    break;
                case 2:
                    Escape(text, random.Next(0x100));
                    break;
                case 3:
                    Escape(text, random.Next(0xD800, 0xE000));
                    break;
                default:
                    text.Append((char)random.Next('a', 'z' + 1));
                    break;
            }
        }

        text.Append('"');
    }

    private void Escape(StringBuilder text, int unit) =>
        text.Append("\\u").Append(unit.ToString(random.Next(2) == 0 ? "x4" : "X4", CultureInfo.InvariantCulture));

    private void Space(StringBuilder text)
    {
        if (random.Next(5) == 0)
            text.Append(WhiteSpace[random.Next(WhiteSpace.Length)]);
    }

    private string Digits(int count) => Plain(string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + random.Next(10)))));

    private string Exponent(int value)
    {
        var letter = random.Next(2) == 0 ? "e" : "E";
        return letter + (value < 0 ? "-" : random.Next(2) == 0 ? "+" : "") + Math.Abs(
            value).ToString(random.Next(4) == 0 ? "D5" : "D", CultureInfo.InvariantCulture);
    }

    private double AnyDouble()
    {
        double value;
        do
            value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
        while (!double.IsFinite(value));
        return value;
    }

    /// <summary>
    /// Creates the exact midpoint of two adjacent doubles, sometimes with a last digit that moves it.
    /// </summary>
    private string Tie()
    {
        var value = Math.Abs(AnyDouble());
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52);
        var mantissa = (System.Numerics.BigInteger)(bits & ((1L << 52) - 1)) + (exponent == 0 ? 0 : 1L << 52);
        var middle = (mantissa * 2) + 1;
        var power = Math.Max(exponent, 1) - 1076;

        // middle × 2^power; below one, 2^-n is 5^n × 10^-n.
        var digits = power >= 0
            ? (middle * System.Numerics.BigInteger.Pow(2, power)).ToString(CultureInfo.InvariantCulture)
            : (middle * System.Numerics.BigInteger.Pow(5, -power)).ToString(CultureInfo.InvariantCulture);
        var tip = random.Next(3) switch { 0 => ".0000000000000000000001", 1 => ".0", _ => "" };
        return digits + tip + (power < 0 ? "e" + power.ToString(CultureInfo.InvariantCulture) : "");
    }
}
