using System.Buffers;

namespace Koii.DbSharing.Nodes;

/// <summary>
/// Cuts the text of a JSON array into its elements by strings and brackets alone, without asking whether an element is JSON: so one that is none
/// does not take the rest with it.
/// </summary>
internal ref struct JsonArrayElements
{
    private static readonly SearchValues<byte> Marks = SearchValues.Create("\"[]{},"u8);
    private static readonly SearchValues<byte> StringMarks = SearchValues.Create("\"\\"u8);

    private ReadOnlySpan<byte> _rest;
    private bool _isOver;
    private bool _isFirst = true;

    public JsonArrayElements(ReadOnlySpan<byte> text)
    {
        _rest = text.StartsWith("\uFEFF"u8) ? text[3..] : text;
        _rest = TrimStart(_rest);
        _isOver = _rest.IsEmpty || _rest[0] != '[';
        End = _isOver ? NodeListEnd.NotAList : NodeListEnd.Interrupted;
        if (!_isOver)
            _rest = _rest[1..];
    }

    /// <summary>The text of the element, without white space before it.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>How the text ended, once there is no further element.</summary>
    public NodeListEnd End { get; private set; }

    public bool MoveNext()
    {
        if (_isOver)
            return false;

        _rest = TrimStart(_rest);
        if (_isFirst && _rest is [(byte)']', ..])
        {
            _isOver = true;
            End = NodeListEnd.Complete;
            return false;
        }

        _isFirst = false;
        var length = ElementLength(_rest);
        if (length < 0)
        {
            _isOver = true;
            return false;
        }

        Current = _rest[..length];
        _isOver = _rest[length] == ']';
        End = _isOver ? NodeListEnd.Complete : NodeListEnd.Interrupted;
        _rest = _rest[(length + 1)..];
        return true;
    }

    /// <summary>How far it is to the comma or bracket that ends the element, or -1 where the text ends before it.</summary>
    private static int ElementLength(ReadOnlySpan<byte> text)
    {
        var depth = 0;
        for (var position = 0; ; position++)
        {
            if (text[position..].IndexOfAny(Marks) is not (>= 0 and var distance))
                return -1;
            position += distance;
            switch (text[position])
            {
                case (byte)'"':
                    if (StringLength(text[(position + 1)..]) is not (>= 0 and var length))
                        return -1;
                    position += length;
                    break;
                case (byte)'[' or (byte)'{':
                    depth++;
                    break;
                case (byte)',' when depth == 0:
                case (byte)']' when depth == 0:
                    return position;
                case (byte)']' or (byte)'}':
                    depth = Math.Max(0, depth - 1);
                    break;
            }
        }
    }

    /// <summary>How long the rest of a string is, its closing quote included, or -1 where the text ends before it.</summary>
    private static int StringLength(ReadOnlySpan<byte> text)
    {
        for (var position = 0; position < text.Length; position += 2)
        {
            if (text[position..].IndexOfAny(StringMarks) is not (>= 0 and var distance))
                return -1;
            position += distance;
            if (text[position] == '"')
                return position + 1;
        }

        return -1;
    }

    private static ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> text) => text.TrimStart(" \t\r\n"u8);
}
