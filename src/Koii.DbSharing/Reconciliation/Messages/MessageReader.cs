namespace Koii.DbSharing.Reconciliation.Messages;

/// <summary>Reads a message of protocol §5 range by range.</summary>
/// <remarks>
/// A message is malformed if it has a wrong first byte, a number over 64 bits or with leading zeros, a bound that does
/// not ascend, an unknown mode, a payload or an id list longer than the remaining bytes, or too many ranges. The reader
/// allocates no memory and reads each byte a constant number of times, regardless of the numbers in the message.
/// </remarks>
internal ref struct MessageReader
{
    /// <summary>The first byte of a message: Negentropy protocol version 1.</summary>
    public const byte Version = 0x61;

    /// <summary>The maximum number of ranges in a message.</summary>
    public const int MaxRanges = 32_768;

    private ReadOnlySpan<byte> _unread;
    private RangeBound _previous;
    private RangeMode _previousMode;
    private int _ranges;

    public MessageReader(ReadOnlySpan<byte> message)
    {
        IsMalformed = message is not [Version, ..];
        if (!IsMalformed)
            _unread = message[1..];
    }

    /// <summary>Whether reading stopped because the message is malformed.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Reads the whole message and returns whether it is well formed.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> message)
    {
        var reader = new MessageReader(message);
        while (reader.TryRead(out _))
        {
        }

        return !reader.IsMalformed;
    }

    /// <summary>Reads the next range.</summary>
    /// <returns><see langword="false"/> at the end of the message, and if it is malformed.</returns>
    public bool TryRead(out MessageRange range)
    {
        range = default;
        if (_unread.IsEmpty || IsMalformed)
            return false;

        IsMalformed = ++_ranges > MaxRanges
            || !TryReadBound(out var upper)
            || !Varint.TryRead(ref _unread, out var mode)
            || !TryReadPayload(mode, out var payload)
            || !IsInOrder(range = new MessageRange(upper, (RangeMode)mode, payload));
        (_previous, _previousMode) = (range.Upper, range.Mode);
        return !IsMalformed;
    }

    private bool TryReadBound(out RangeBound bound)
    {
        bound = default;
        if (!Varint.TryRead(ref _unread, out var time)
            || !Varint.TryRead(ref _unread, out var length)
            || length > LinktreeId.Size || !TryTake(length, out var prefix))
            return false;
        if (time == 0)
        {
            bound = RangeBound.Infinity;
            return length == 0;
        }

        var last = _previous.Lowest.Time;
        bound = RangeBound.At(last + (time - 1), prefix);
        return time - 1 < ulong.MaxValue - last;
    }

    private bool TryReadPayload(ulong mode, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        return mode switch
        {
            (ulong)RangeMode.Skip => true,
            (ulong)RangeMode.Fingerprint => TryTake(MessageRange.FingerprintSize, out payload),
            (ulong)RangeMode.IdList => Varint.TryRead(ref _unread, out var count)
                && count <= (ulong)(_unread.Length / LinktreeId.Size)
                && TryTake(count * LinktreeId.Size, out payload),
            _ => false,
        };
    }

    /// <summary>
    /// Whether the bound ascends. The only exception is the fingerprint of the empty set, with which the reference
    /// implementation closes a frame that an id list up to infinity has filled.
    /// </summary>
    private readonly bool IsInOrder(MessageRange range) =>
        range.Upper.CompareTo(_previous) > 0
        || (_previous.IsInfinity && _previousMode == RangeMode.IdList && range.Mode == RangeMode.Fingerprint && range.Upper.IsInfinity
            && range.Fingerprint == IdSum.EmptyFingerprint && _unread.IsEmpty);

    private bool TryTake(ulong length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (length > (ulong)_unread.Length)
            return false;
        bytes = _unread[..(int)length];
        _unread = _unread[(int)length..];
        return true;
    }
}
