using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Koii.DbSharing.Records;

/// <summary>The <c>\uXXXX</c> escape of JSON strings, and what ECMAScript's <c>QuoteJSONString</c> makes of the unit.</summary>
internal static class JsonEscape
{
    private const int Length = 6;

    /// <summary>Reads one escape, or two when they are a surrogate pair.</summary>
    /// <param name="text">Starts with <c>\u</c>.</param>
    /// <param name="first">The UTF-16 unit.</param>
    /// <param name="second">The low surrogate of a pair, else 0.</param>
    /// <param name="consumed">How many bytes of the text were read.</param>
    internal static bool TryReadUnits(ReadOnlySpan<byte> text, out char first, out char second, out int consumed)
    {
        second = '\0';
        consumed = Length;
        if (!TryReadUnit(text, out first))
            return false;
        if (char.IsHighSurrogate(first) && text[Length..].StartsWith("\\u"u8) && TryReadUnit(text[Length..], out var low) && char.IsLowSurrogate(low))
        {
            second = low;
            consumed += Length;
        }

        return true;
    }

    /// <summary>Writes a unit or a pair in canonical form, which is never longer than its escape was.</summary>
    internal static int Write(char first, char second, Span<byte> output)
    {
        if (second != '\0')
            return new Rune(first, second).EncodeToUtf8(output);

        var shorthand = first switch
        {
            '"' => (byte)'"',
            '\\' => (byte)'\\',
            '\b' => (byte)'b',
            '\f' => (byte)'f',
            '\n' => (byte)'n',
            '\r' => (byte)'r',
            '\t' => (byte)'t',
            _ => (byte)0,
        };
        if (shorthand != 0)
        {
            output[0] = (byte)'\\';
            output[1] = shorthand;
            return 2;
        }

        if (first >= ' ' && !char.IsSurrogate(first))
            return new Rune(first).EncodeToUtf8(output);
        "\\u"u8.CopyTo(output);
        Utf8Formatter.TryFormat((ushort)first, output[2..], out _, new StandardFormat('x', 4));
        return Length;
    }

    private static bool TryReadUnit(ReadOnlySpan<byte> escape, out char unit)
    {
        // Not ushort.TryParse, which takes a zero byte at the end of the digits for none.
        Span<byte> value = stackalloc byte[sizeof(char)];
        unit = '\0';
        if (escape.Length < Length || Convert.FromHexString(escape[2..Length], value, out _, out _) is not OperationStatus.Done)
            return false;
        unit = (char)BinaryPrimitives.ReadUInt16BigEndian(value);
        return true;
    }
}
