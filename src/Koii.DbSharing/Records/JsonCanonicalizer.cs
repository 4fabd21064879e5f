using System.Buffers;

namespace Koii.DbSharing.Records;

/// <summary>Writes the canonical form of a text that is valid UTF-8, in one pass.</summary>
/// <remarks>
/// <para>Bytes that are already canonical are copied in runs: those from <see cref="_copyStart"/> to
/// <see cref="_position"/> were read and belong to the output, but are not copied yet. Members are written in text
/// order; <see cref="MemberOrder"/> reorders an object with repeated or numeric keys at its closing bracket.</para>
/// <para>The output buffer always has room for the remaining text as it is. No token except a number becomes longer, so
/// only <see cref="WriteNumber"/> may have to enlarge the buffer.</para>
/// </remarks>
internal ref struct JsonCanonicalizer
{
    private const int ArrayFrame = -1;

    private static readonly SearchValues<byte> StringStops = SearchValues.Create(
        [(byte)'"', (byte)'\\', .. Enumerable.Range(0, 0x20).Select(value => (byte)value)]);

    private readonly ReadOnlySpan<byte> _text;
    private readonly int _maxDepth;
    private byte[] _output;
    private int _length;
    private int _position;
    private int _copyStart;
    private int _maxDepthSeen;
    private PooledStack<int> _frames;          // one per open container: the index of an object's first member, or ArrayFrame
    private PooledStack<JsonMember> _members;  // those of all open objects

    internal JsonCanonicalizer(ReadOnlySpan<byte> text, int maxDepth, Span<int> frames, Span<JsonMember> members)
    {
        _text = text;
        _maxDepth = maxDepth;
        _output = ArrayPool<byte>.Shared.Rent(text.Length + EcmaScriptNumber.MaxLength);
        _frames = new PooledStack<int>(frames);
        _members = new PooledStack<JsonMember>(members);
    }

    private readonly int Written => _length + _position - _copyStart;

    internal CanonicalJson Run()
    {
        var reason = Read();
        _frames.ReturnArray();
        _members.ReturnArray();
        if (reason is RejectionReason.None)
        {
            Flush();
            return new CanonicalJson(_output, _length, _maxDepthSeen);
        }

        ArrayPool<byte>.Shared.Return(_output);
        return new CanonicalJson(reason);
    }

    private RejectionReason Read()
    {
        while (true)
        {
            if (!TryPeek(out var next))
                return RejectionReason.Malformed;

            var complete = true;
            switch (next)
            {
                case (byte)'"':
                    complete = TryReadString();
                    break;
                case (byte)'{' or (byte)'[':
                    if (_frames.Count == _maxDepth)
                        return RejectionReason.TooDeep;
                    if (!TryOpenContainer(next == '{', out var empty))
                        return RejectionReason.Malformed;
                    if (!empty)
                        continue;
                    break;
                case (byte)'t':
                    complete = TryReadLiteral("true"u8);
                    break;
                case (byte)'f':
                    complete = TryReadLiteral("false"u8);
                    break;
                case (byte)'n':
                    complete = TryReadLiteral("null"u8);
                    break;
                default:
                    complete = TryReadNumber();
                    break;
            }

            if (!complete || !TryAdvance(out var finished))
                return RejectionReason.Malformed;
            if (finished)
                return RejectionReason.None;
        }
    }

    /// <summary>Reads the opening bracket and, in an object that is not empty, the first key.</summary>
    private bool TryOpenContainer(bool isObject, out bool empty)
    {
        _frames.Push(isObject ? _members.Count : ArrayFrame);
        _maxDepthSeen = Math.Max(_maxDepthSeen, _frames.Count);
        _position++;
        empty = false;
        if (!TryPeek(out var next))
            return false;
        if (next != (isObject ? '}' : ']'))
            return !isObject || TryReadKey();

        _position++;
        _frames.Truncate(_frames.Count - 1);
        empty = true;
        return true;
    }

    /// <summary>
    /// After a value, reads the closing brackets that follow, and advances to the next value or to the end of the text.
    /// </summary>
    private bool TryAdvance(out bool finished)
    {
        finished = false;
        while (_frames.Count > 0)
        {
            var firstMember = _frames.Top;
            var isObject = firstMember != ArrayFrame;
            if (isObject)
                _members.Top.ValueEnd = Written;
            if (!TryPeek(out var next))
                return false;
            if (next == ',')
            {
                _position++;
                return !isObject || TryReadKey();
            }

            if (next != (isObject ? '}' : ']'))
                return false;
            if (isObject)
                OrderMembers(firstMember);
            _position++;
            _frames.Truncate(_frames.Count - 1);
        }

        finished = !TryPeek(out _);
        return finished;
    }

    private void OrderMembers(int first)
    {
        var members = _members.AsSpan(first);
        if (members.Length > 1)
        {
            Flush();
            _length = MemberOrder.Apply(_output, members);
        }

        _members.Truncate(first);
    }

    private bool TryReadKey()
    {
        if (!TryPeek(out var next) || next != '"')
            return false;
        var start = Written;
        if (!TryReadString())
            return false;
        var end = Written;
        if (!TryPeek(out next) || next != ':')
            return false;
        _position++;
        _members.Push(new JsonMember(start, end));
        return true;
    }

    private bool TryReadLiteral(ReadOnlySpan<byte> literal)
    {
        var found = _text[_position..].StartsWith(literal);
        _position += literal.Length;
        return found;
    }

    private bool TryReadString()
    {
        _position++;
        while (true)
        {
            var length = _text[_position..].IndexOfAny(StringStops);
            if (length < 0)
                return false;
            _position += length;
            var stop = _text[_position];
            if (stop == '"')
            {
                _position++;
                return true;
            }

            if (stop != '\\' || !TryReadEscape())
                return false;
        }
    }

    private bool TryReadEscape()
    {
        if (_position + 1 >= _text.Length)
            return false;
        switch (_text[_position + 1])
        {
            case (byte)'"' or (byte)'\\' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t':
                _position += 2;
                return true;
            case (byte)'/':
                Flush();
                _copyStart++;
                _position += 2;
                return true;
            case (byte)'u':
                if (!JsonEscape.TryReadChars(_text[_position..], out var first, out var second, out var consumed))
                    return false;
                Flush();
                _length += JsonEscape.Write(first, second, _output.AsSpan(_length));
                _copyStart = _position += consumed;
                return true;
            default:
                return false;
        }
    }

    private bool TryReadNumber()
    {
        var length = EcmaScriptNumber.Measure(_text[_position..], out var isCanonical);
        if (isCanonical)
            _position += length;
        else if (length > 0)
            WriteNumber(_position + length);
        return length > 0;
    }

    private void WriteNumber(int end)
    {
        Flush();
        var remaining = _text.Length - end;
        if (_output.Length - _length < remaining + EcmaScriptNumber.MaxLength)
            Grow(_length + remaining + EcmaScriptNumber.MaxLength);
        _length += EcmaScriptNumber.Write(_text[_position..end], _output.AsSpan(_length));
        _copyStart = _position = end;
    }

    private readonly byte At(int index) => (uint)index < (uint)_text.Length ? _text[index] : (byte)0;

    /// <summary>Skips white space and returns the byte after it, without reading that byte.</summary>
    private bool TryPeek(out byte next)
    {
        next = At(_position);
        return next > ' ' || TryPeekPastWhiteSpace(out next);
    }

    private bool TryPeekPastWhiteSpace(out byte next)
    {
        Flush();
        var length = _text[_position..].IndexOfAnyExcept(" \t\n\r"u8);
        _copyStart = _position = length < 0 ? _text.Length : _position + length;
        next = At(_position);
        return length >= 0;
    }

    private void Flush()
    {
        _text[_copyStart.._position].CopyTo(_output.AsSpan(_length));
        _length += _position - _copyStart;
        _copyStart = _position;
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _output.Length * 2));
        _output.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_output);
        _output = larger;
    }
}
