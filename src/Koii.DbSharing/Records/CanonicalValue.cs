using System.Buffers;
using System.Globalization;
using System.Text;

namespace Koii.DbSharing.Records;

/// <summary>
/// Measures and decodes JSON values in canonical form. The bytes come from <see cref="CanonicalJson"/> and are not
/// validated.
/// </summary>
internal static class CanonicalValue
{
    /// <summary>
    /// The maximum number of bytes for one UTF-16 code unit of a string: an escape sequence such as <c>\u0001</c>.
    /// </summary>
    internal const int MaxBytesPerChar = 6;

    private static readonly SearchValues<byte> QuotesAndBrackets = SearchValues.Create("\"{}[]"u8);

    /// <summary>Gets the length of the value at the start of <paramref name="canonical"/>.</summary>
    internal static int GetLength(ReadOnlySpan<byte> canonical)
    {
        switch (canonical[0])
        {
            case (byte)'"':
                return GetStringLength(canonical);
            case (byte)'{' or (byte)'[':
                return GetContainerLength(canonical, out _);
            default:
                var length = canonical.IndexOfAny((byte)',', (byte)'}', (byte)']');
                return length < 0 ? canonical.Length : length;
        }
    }

    /// <summary>Gets the number of levels of objects and arrays in the value.</summary>
    internal static int GetDepth(ReadOnlySpan<byte> canonical)
    {
        if (canonical[0] is not ((byte)'{' or (byte)'['))
            return 0;
        GetContainerLength(canonical, out var depth);
        return depth;
    }

    /// <summary>Gets the length of the string at the start of <paramref name="canonical"/>, quotes included.</summary>
    internal static int GetStringLength(ReadOnlySpan<byte> canonical)
    {
        var at = 1;
        while (true)
        {
            at += canonical[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (canonical[at] == '"')
                return at + 1;
            at += 2;
        }
    }

    /// <summary>Gets the bytes between the quotes, if the value is a string.</summary>
    internal static bool TryGetString(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> content)
    {
        var isString = value is [(byte)'"', .., (byte)'"'];
        content = isString ? value[1..^1] : default;
        return isString;
    }

    /// <summary>Decodes the bytes between the quotes of a string. Unpaired surrogates are preserved.</summary>
    internal static string DecodeString(ReadOnlySpan<byte> content)
    {
        var escape = content.IndexOf((byte)'\\');
        return escape < 0 ? Encoding.UTF8.GetString(content) : DecodeEscapedString(content, escape);
    }

    private static string DecodeEscapedString(ReadOnlySpan<byte> content, int escape)
    {
        var rented = ArrayPool<char>.Shared.Rent(content.Length);
        var chars = rented.AsSpan();
        var length = 0;
        while (escape >= 0)
        {
            length += Encoding.UTF8.GetChars(content[..escape], chars[length..]);
            chars[length++] = Unescape(content[escape..], out var consumed);
            content = content[(escape + consumed)..];
            escape = content.IndexOf((byte)'\\');
        }

        length += Encoding.UTF8.GetChars(content, chars[length..]);
        var decoded = new string(chars[..length]);
        ArrayPool<char>.Shared.Return(rented);
        return decoded;
    }

    private static char Unescape(ReadOnlySpan<byte> escape, out int consumed)
    {
        consumed = 2;
        switch (escape[1])
        {
            case (byte)'b':
                return '\b';
            case (byte)'f':
                return '\f';
            case (byte)'n':
                return '\n';
            case (byte)'r':
                return '\r';
            case (byte)'t':
                return '\t';
            case (byte)'u':
                consumed = 6;
                return (char)ushort.Parse(escape[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            default:
                return (char)escape[1];
        }
    }

    private static int GetContainerLength(ReadOnlySpan<byte> canonical, out int maxDepth)
    {
        maxDepth = 0;
        var depth = 0;
        var at = 0;
        while (true)
        {
            at += canonical[at..].IndexOfAny(QuotesAndBrackets);
            switch (canonical[at])
            {
                case (byte)'"':
                    at += GetStringLength(canonical[at..]);
                    continue;
                case (byte)'{' or (byte)'[':
                    maxDepth = Math.Max(maxDepth, ++depth);
                    break;
                default:
                    depth--;
                    break;
            }

            at++;
            if (depth == 0)
                return at;
        }
    }
}
