using System.Buffers;

namespace Koii.DbSharing.Records;

/// <summary>
/// One pass over a text that is valid UTF-8. What is canonical as it stands is copied in runs: bytes from <see cref="_run"/> to
/// <see cref="_position"/> were read and belong to the output but are not there yet. Members are written in the order they come; only an
/// object that repeats a key or numbers its keys is put in order when it closes (<see cref="MemberOrder"/>).
/// </summary>
/// <remarks>
/// The output always has room for the rest of the text as it stands. Every token but a number takes no more room than its text did, so only
/// <see cref="WriteNumber"/> has to ask for more.
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
    private int _run;
    private int _deepest;
    private PooledStack<int> _frames;          // for each open object where its members start, for each open array ArrayFrame
    private PooledStack<JsonMember> _members;  // of all open objects

    internal JsonCanonicalizer(ReadOnlySpan<byte> text, int maxDepth, Span<int> frames, Span<JsonMember> members)
    {
        _text = text;
        _maxDepth = maxDepth;
        _output = ArrayPool<byte>.Shared.Rent(text.Length + EcmaScriptNumber.MaxLength);
        _frames = new PooledStack<int>(frames);
        _members = new PooledStack<JsonMember>(members);
    }

    private readonly int Written => _length + _position - _run;

    internal CanonicalJson Run()
    {
        var reason = Read();
        _frames.Release();
        _members.Release();
        if (reason is RejectionReason.None)
        {
            Flush();
            return new CanonicalJson(_output, _length, _deepest);
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
                    if (!TryOpen(next == '{', out var empty))
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

            if (!complete || !TryGoOn(out var finished))
                return RejectionReason.Malformed;
            if (finished)
                return RejectionReason.None;
        }
    }

    /// <summary>Reads the opening bracket and, unless the container is empty, what stands before its first value.</summary>
    private bool TryOpen(bool isObject, out bool empty)
    {
        _frames.Push(isObject ? _members.Count : ArrayFrame);
        _deepest = Math.Max(_deepest, _frames.Count);
        _position++;
        empty = false;
        if (!TryPeek(out var next))
            return false;
        if (next != (isObject ? '}' : ']'))
            return !isObject || TryReadKey();

        _position++;
        _frames.CutTo(_frames.Count - 1);
        empty = true;
        return true;
    }

    /// <summary>After a value: closes what closes here and reads up to where the next value must stand, or to the end of the text.</summary>
    private bool TryGoOn(out bool finished)
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
                SettleMembers(firstMember);
            _position++;
            _frames.CutTo(_frames.Count - 1);
        }

        finished = !TryPeek(out _);
        return finished;
    }

    private void SettleMembers(int first)
    {
        var members = _members.From(first);
        if (members.Length > 1)
        {
            Flush();
            _length = MemberOrder.Settle(_output, members);
        }

        _members.CutTo(first);
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
                _run++;
                _position += 2;
                return true;
            case (byte)'u':
                if (!JsonEscape.TryReadUnits(_text[_position..], out var first, out var second, out var consumed))
                    return false;
                Flush();
                _length += JsonEscape.Write(first, second, _output.AsSpan(_length));
                _run = _position += consumed;
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
        var rest = _text.Length - end;
        if (_output.Length - _length < rest + EcmaScriptNumber.MaxLength)
            Grow(_length + rest + EcmaScriptNumber.MaxLength);
        _length += EcmaScriptNumber.Rewrite(_text[_position..end], _output.AsSpan(_length));
        _run = _position = end;
    }

    private readonly byte At(int index) => (uint)index < (uint)_text.Length ? _text[index] : (byte)0;

    /// <summary>Finds the next byte that is no white space and leaves white space out of the output.</summary>
    private bool TryPeek(out byte next)
    {
        next = At(_position);
        return next > ' ' || TryPeekPastWhiteSpace(out next);
    }

    private bool TryPeekPastWhiteSpace(out byte next)
    {
        Flush();
        var length = _text[_position..].IndexOfAnyExcept(" \t\n\r"u8);
        _run = _position = length < 0 ? _text.Length : _position + length;
        next = At(_position);
        return length >= 0;
    }

    private void Flush()
    {
        _text[_run.._position].CopyTo(_output.AsSpan(_length));
        _length += _position - _run;
        _run = _position;
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _output.Length * 2));
        _output.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_output);
        _output = larger;
    }
}
