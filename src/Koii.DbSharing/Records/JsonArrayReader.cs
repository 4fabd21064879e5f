using System.Buffers;

namespace Koii.DbSharing.Records;

/// <summary>
/// Cuts a stream that holds a JSON array into the texts of its elements. It looks at quotes, brackets and commas only, so that an element
/// which is no JSON costs itself only, and keeps one element at most in its rented buffer.
/// </summary>
internal sealed class JsonArrayReader(Stream stream, LinktreeListLimits limits) : IDisposable
{
    private const int InitialBytes = 64 * 1024;

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);
    private static readonly SearchValues<byte> StructureAndComma = SearchValues.Create("\"{}[],"u8);

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private int _filled;
    private int _position;
    private int _elementStart;
    private int _blanks;
    private long _received;
    private int _elements;
    private Phase _phase = Phase.ByteOrderMark;
    private int _markBytes;
    private int _depth;
    private bool _inString;
    private bool _escaped;
    private bool _tooLarge;

    private enum Phase
    {
        ByteOrderMark,
        BeforeArray,
        BeforeElement,
        InElement,
    }

    private static ReadOnlySpan<byte> Mark => [0xEF, 0xBB, 0xBF];

    /// <summary>How the array ended, or <see cref="LinktreeListEnd.More"/>.</summary>
    internal LinktreeListEnd End { get; private set; }

    /// <summary>Gives the next element that has arrived as a whole.</summary>
    /// <param name="element">The text between the separators, valid until the next call; empty when it is too large.</param>
    /// <param name="tooLarge">Whether it is longer than the limit.</param>
    /// <returns>Whether there is one; if not, <see cref="FillAsync"/> is next.</returns>
    internal bool TryRead(out ReadOnlySpan<byte> element, out bool tooLarge)
    {
        element = default;
        tooLarge = false;
        while (End is LinktreeListEnd.More && _position < _filled)
        {
            switch (_phase)
            {
                case Phase.ByteOrderMark:
                    SkipMark();
                    break;
                case Phase.BeforeArray:
                    FindArray();
                    break;
                case Phase.BeforeElement:
                    FindElement();
                    break;
                default:
                    if (!TryFindElementEnd())
                        return false;
                    return TryTake(out element, out tooLarge);
            }
        }

        return false;
    }

    /// <summary>Waits for more bytes, unless the array has ended.</summary>
    /// <returns>How many came.</returns>
    internal async ValueTask<int> FillAsync(CancellationToken cancellationToken)
    {
        if (End is not LinktreeListEnd.More)
            return 0;
        cancellationToken.ThrowIfCancellationRequested();
        if (_received > limits.MaxBytes)
        {
            End = LinktreeListEnd.TooLarge;
            return 0;
        }

        MakeRoom();

        // One byte more than the limit tells a list that ends there from one that goes on.
        var room = (int)Math.Min(_buffer.Length - _filled, Math.Max(limits.MaxBytes - _received, limits.MaxBytes - _received + 1));
        var read = await stream.ReadAsync(_buffer.AsMemory(_filled, room), cancellationToken).ConfigureAwait(false);
        _received += read;
        _filled += _received > limits.MaxBytes ? read - 1 : read;
        if (read == 0)
            End = _phase is Phase.ByteOrderMark or Phase.BeforeArray ? LinktreeListEnd.NotAList : LinktreeListEnd.Interrupted;
        return read;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void SkipMark()
    {
        if (_buffer[_position] == Mark[_markBytes])
        {
            _position++;
            if (++_markBytes == Mark.Length)
                _phase = Phase.BeforeArray;
        }
        else if (_markBytes == 0)
        {
            _phase = Phase.BeforeArray;
        }
        else
        {
            End = LinktreeListEnd.NotAList;
        }
    }

    private void FindArray()
    {
        if (!TrySkipWhiteSpace())
            return;
        if (_buffer[_position++] == '[')
            _phase = Phase.BeforeElement;
        else
            End = LinktreeListEnd.NotAList;
    }

    private void FindElement()
    {
        if (!TrySkipWhiteSpace())
            return;
        if (_elements == 0 && _buffer[_position] == ']')
        {
            End = LinktreeListEnd.Complete;
            return;
        }

        _phase = Phase.InElement;
        _elementStart = _position;
        _depth = 0;
        _tooLarge = false;
    }

    private bool TrySkipWhiteSpace()
    {
        var length = _buffer.AsSpan(_position, _filled - _position).IndexOfAnyExcept(" \t\n\r"u8);
        var blanks = length < 0 ? _filled - _position : length;
        _position += blanks;
        _blanks += blanks;
        if (_blanks > limits.MaxElementBytes)
        {
            // It compresses a thousandfold and nobody writes it: a flood that would cost a core until the whole list is too large.
            End = LinktreeListEnd.TooLarge;
            return false;
        }

        if (length < 0)
            return false;
        _blanks = 0;
        return true;
    }

    /// <summary>Goes on to the comma or bracket that ends the element, or to the end of what has arrived.</summary>
    private bool TryFindElementEnd()
    {
        var bytes = _buffer.AsSpan(0, _filled);
        while (_position < bytes.Length)
        {
            if (_escaped)
            {
                _escaped = false;
                _position++;
                continue;
            }

            var rest = bytes[_position..];
            var length = _inString ? rest.IndexOfAny((byte)'"', (byte)'\\') : rest.IndexOfAny(_depth == 0 ? StructureAndComma : Structure);
            if (length < 0)
                break;
            _position += length;
            switch (bytes[_position])
            {
                case (byte)'"':
                    _inString = !_inString;
                    break;
                case (byte)'\\':
                    _escaped = true;
                    break;
                case (byte)'{' or (byte)'[':
                    _depth++;
                    break;
                case (byte)',' or (byte)']' when _depth == 0:
                    return true;
                default:
                    _depth = Math.Max(_depth - 1, 0);
                    break;
            }

            _position++;
        }

        _position = bytes.Length;
        return false;
    }

    private bool TryTake(out ReadOnlySpan<byte> element, out bool tooLarge)
    {
        element = default;
        tooLarge = false;
        if (++_elements > limits.MaxElements)
        {
            End = LinktreeListEnd.TooLarge;
            return false;
        }

        tooLarge = _tooLarge || _position - _elementStart > limits.MaxElementBytes;
        if (!tooLarge)
            element = _buffer.AsSpan(_elementStart, _position - _elementStart);
        if (_buffer[_position++] == ']')
            End = LinktreeListEnd.Complete;
        _phase = Phase.BeforeElement;
        return true;
    }

    /// <summary>Drops what was read and makes room for more. Everything that has arrived is scanned by now.</summary>
    private void MakeRoom()
    {
        if (_phase is Phase.InElement && _filled - _elementStart > limits.MaxElementBytes)
            _tooLarge = true;
        if (_phase is not Phase.InElement || _tooLarge)
        {
            _filled = _position = _elementStart = 0;
            return;
        }

        if (_filled < _buffer.Length)
            return;

        // Moving is worth it only when it frees half of the buffer; else a long element would be moved again and again.
        var kept = _filled - _elementStart;
        var target = kept <= _buffer.Length / 2 ? _buffer : ArrayPool<byte>.Shared.Rent((int)Math.Min(kept * 2L, Array.MaxLength));
        _buffer.AsSpan(_elementStart, kept).CopyTo(target);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }

        _elementStart = 0;
        _filled = _position = kept;
    }
}
