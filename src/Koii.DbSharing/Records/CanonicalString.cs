using System.Buffers;
using System.Globalization;
using System.Text;

namespace Koii.DbSharing.Records;

/// <summary>Reads strings in canonical form. Nothing is checked: the bytes must come from <see cref="EcmaScriptJson"/>.</summary>
internal static class CanonicalString
{
    /// <summary>No UTF-16 unit takes more bytes: an escape as <c>\u0001</c>.</summary>
    internal const int MaxBytesPerUnit = 6;

    /// <summary>Whether the value is a string; if so, what stands between its quotes.</summary>
    internal static bool TryGetContent(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> content)
    {
        var isString = value is [(byte)'"', .., (byte)'"'];
        content = isString ? value[1..^1] : default;
        return isString;
    }

    /// <summary>The string that the bytes between the quotes stand for, unpaired surrogates included.</summary>
    internal static string Decode(ReadOnlySpan<byte> content)
    {
        var escape = content.IndexOf((byte)'\\');
        return escape < 0 ? Encoding.UTF8.GetString(content) : DecodeEscaped(content, escape);
    }

    private static string DecodeEscaped(ReadOnlySpan<byte> content, int escape)
    {
        var rented = ArrayPool<char>.Shared.Rent(content.Length);
        var units = rented.AsSpan();
        var length = 0;
        while (escape >= 0)
        {
            length += Encoding.UTF8.GetChars(content[..escape], units[length..]);
            units[length++] = Unescape(content[escape..], out var consumed);
            content = content[(escape + consumed)..];
            escape = content.IndexOf((byte)'\\');
        }

        length += Encoding.UTF8.GetChars(content, units[length..]);
        var decoded = new string(units[..length]);
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
}
