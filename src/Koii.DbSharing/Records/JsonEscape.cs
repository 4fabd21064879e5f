using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Koii.DbSharing.Records;

/// <summary>
/// Reads the <c>\uXXXX</c> escape sequences of JSON strings and writes their code units as ECMAScript's
/// <c>QuoteJSONString</c> does.
/// </summary>
internal static class JsonEscape
{
    private const int Length = 6;

    /// <summary>Reads one escape sequence, or two that form a surrogate pair.</summary>
    /// <param name="text">Starts with <c>\u</c>.</param>
    /// <param name="first">The UTF-16 code unit.</param>
    /// <param name="second">The low surrogate of a pair, else 0.</param>
    /// <param name="consumed">The number of bytes read.</param>
    /// <returns><see langword="false"/> if the text does not start with a valid escape sequence.</returns>
    internal static bool TryReadChars(ReadOnlySpan<byte> text, out char first, out char second, out int consumed)
    {
        second = '\0';
        consumed = Length;
        if (!TryReadChar(text, out first))
            return false;
        if (char.IsHighSurrogate(first) && text[Length..].StartsWith("\\u"u8) && TryReadChar(text[Length..], out var low) && char.IsLowSurrogate(low))
        {
            second = low;
            consumed += Length;
        }

        return true;
    }

    /// <summary>
    /// Writes a code unit or a pair in canonical form, which is never longer than its escape sequence.
    /// </summary>
    /// <returns>The number of bytes written.</returns>
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

    private static bool TryReadChar(ReadOnlySpan<byte> escape, out char value)
    {
        // Not ushort.TryParse, which ignores zero bytes after the digits.
        Span<byte> bytes = stackalloc byte[sizeof(char)];
        value = '\0';
        if (escape.Length < Length || Convert.FromHexString(escape[2..Length], bytes, out _, out _) is not OperationStatus.Done)
            return false;
        value = (char)BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return true;
    }
}
