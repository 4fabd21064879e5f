using System.Buffers;

namespace Koii.DbSharing.Records;

/// <summary>
/// Splits a stream that contains a JSON array into the texts of its elements. It examines only quotes, brackets and
/// commas, so an element that is not JSON does not affect the others. It buffers at most one element.
/// </summary>
/// <param name="stream">The array as UTF-8, with or without a byte order mark. The reader does not close it.</param>
/// <param name="limits">The limits of the list.</param>
internal sealed class JsonArrayReader(Stream stream, ListLimits limits) : IDisposable
{
    private const int InitialBytes = 64 * 1024;

    private static readonly SearchValues<byte> QuotesAndBrackets = SearchValues.Create("\"{}[]"u8);
    private static readonly SearchValues<byte> QuotesBracketsAndComma = SearchValues.Create("\"{}[],"u8);

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private int _filled;
    private int _position;
    private int _elementStart;
    private int _whiteSpace;
    private long _received;
    private int _elements;
    private Phase _phase = Phase.ByteOrderMark;
    private int _byteOrderMarkBytes;
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

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>How the array ended, or <see cref="ListEnd.More"/> while it has not.</summary>
    internal ListEnd End { get; private set; }

    /// <summary>Reads the next element, if all of it has arrived.</summary>
    /// <param name="element">
    /// The text between the separators, valid until the next call; empty if it is too large.
    /// </param>
    /// <param name="tooLarge">Whether the element exceeds <see cref="ListLimits.MaxElementBytes"/>.</param>
    /// <returns>
    /// <see langword="false"/> if <see cref="FillAsync"/> has to be called first, or the array has ended.
    /// </returns>
    internal bool TryRead(out ReadOnlySpan<byte> element, out bool tooLarge)
    {
        element = default;
        tooLarge = false;
        while (End is ListEnd.More && _position < _filled)
        {
            switch (_phase)
            {
                case Phase.ByteOrderMark:
                    SkipByteOrderMark();
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
                    return TryEndElement(out element, out tooLarge);
            }
        }

        return false;
    }

    /// <summary>Reads more bytes from the stream, unless the array has ended.</summary>
    /// <returns>The number of bytes read.</returns>
    internal async ValueTask<int> FillAsync(CancellationToken cancellationToken)
    {
        if (End is not ListEnd.More)
            return 0;
        cancellationToken.ThrowIfCancellationRequested();
        if (_received > limits.MaxBytes)
        {
            End = ListEnd.TooLarge;
            return 0;
        }

        MakeRoom();

        // One byte more than the limit distinguishes a list that ends there from a longer one.
        var room = (int)Math.Min(_buffer.Length - _filled, Math.Max(limits.MaxBytes - _received, limits.MaxBytes - _received + 1));
        var read = await stream.ReadAsync(_buffer.AsMemory(_filled, room), cancellationToken).ConfigureAwait(false);
        _received += read;
        _filled += _received > limits.MaxBytes ? read - 1 : read;
        if (read == 0)
            End = _phase is Phase.ByteOrderMark or Phase.BeforeArray ? ListEnd.NotAList : ListEnd.Interrupted;
        return read;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void SkipByteOrderMark()
    {
        if (_buffer[_position] == ByteOrderMark[_byteOrderMarkBytes])
        {
            _position++;
            if (++_byteOrderMarkBytes == ByteOrderMark.Length)
                _phase = Phase.BeforeArray;
        }
        else if (_byteOrderMarkBytes == 0)
        {
            _phase = Phase.BeforeArray;
        }
        else
        {
            End = ListEnd.NotAList;
        }
    }

    private void FindArray()
    {
        if (!TrySkipWhiteSpace())
            return;
        if (_buffer[_position++] == '[')
            _phase = Phase.BeforeElement;
        else
            End = ListEnd.NotAList;
    }

    private void FindElement()
    {
        if (!TrySkipWhiteSpace())
            return;
        if (_elements == 0 && _buffer[_position] == ']')
        {
            End = ListEnd.Complete;
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
        var count = length < 0 ? _filled - _position : length;
        _position += count;
        _whiteSpace += count;
        if (_whiteSpace > limits.MaxElementBytes)
        {
            // White space compresses a thousandfold, so a flood of it would occupy a core until the whole list is too
            // large.
            End = ListEnd.TooLarge;
            return false;
        }

        if (length < 0)
            return false;
        _whiteSpace = 0;
        return true;
    }

    /// <summary>Advances to the comma or bracket that ends the element, or to the end of the buffered bytes.</summary>
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

            var unread = bytes[_position..];
            var length = _inString
                ? unread.IndexOfAny((byte)'"', (byte)'\\')
                : unread.IndexOfAny(_depth == 0 ? QuotesBracketsAndComma : QuotesAndBrackets);
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

    private bool TryEndElement(out ReadOnlySpan<byte> element, out bool tooLarge)
    {
        element = default;
        tooLarge = false;
        if (++_elements > limits.MaxElements)
        {
            End = ListEnd.TooLarge;
            return false;
        }

        tooLarge = _tooLarge || _position - _elementStart > limits.MaxElementBytes;
        if (!tooLarge)
            element = _buffer.AsSpan(_elementStart, _position - _elementStart);
        if (_buffer[_position++] == ']')
            End = ListEnd.Complete;
        _phase = Phase.BeforeElement;
        return true;
    }

    /// <summary>
    /// Discards the elements that were read and makes room for more bytes. All buffered bytes are scanned at this
    /// point.
    /// </summary>
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

        // Moving the element is worthwhile only if that frees half of the buffer; otherwise a long element would be
        // moved many times.
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
