namespace Koii.DbSharing.Reconciliation.Messages;

/// <summary>
/// Reads a message range by range, where it lies. It refuses whatever protocol §5 does not write: a wrong first byte, a number that is over 64 bits or not minimal, a bound
/// that does not rise, an unknown mode, a payload or a list that the remaining bytes cannot hold, too many ranges. It allocates nothing and looks at each byte a fixed
/// number of times, whatever the message claims.
/// </summary>
internal ref struct MessageReader
{
    /// <summary>Negentropy protocol version 1.</summary>
    public const byte Version = 0x61;

    /// <summary>The most ranges that a message may have.</summary>
    public const int MaxRanges = 32_768;

    private ReadOnlySpan<byte> _rest;
    private RangeBound _previous;
    private RangeMode _previousMode;
    private int _ranges;

    public MessageReader(ReadOnlySpan<byte> message)
    {
        IsMalformed = message is not [Version, ..];
        if (!IsMalformed)
            _rest = message[1..];
    }

    /// <summary>Whether reading stopped because of something that is no message.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Whether all of it is a message.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> message)
    {
        var reader = new MessageReader(message);
        while (reader.TryRead(out _))
        {
        }

        return !reader.IsMalformed;
    }

    /// <summary>Reads the next range.</summary>
    /// <returns><see langword="false"/> at the end, and where the message is malformed.</returns>
    public bool TryRead(out MessageRange range)
    {
        range = default;
        if (_rest.IsEmpty || IsMalformed)
            return false;

        IsMalformed = ++_ranges > MaxRanges
            || !TryReadBound(out var upper)
            || !Varint.TryRead(ref _rest, out var mode)
            || !TryReadPayload(mode, out var payload)
            || !IsInPlace(range = new MessageRange(upper, (RangeMode)mode, payload));
        (_previous, _previousMode) = (range.Upper, range.Mode);
        return !IsMalformed;
    }

    private bool TryReadBound(out RangeBound bound)
    {
        bound = default;
        if (!Varint.TryRead(ref _rest, out var time) || !Varint.TryRead(ref _rest, out var length) || length > LinktreeId.Size || !TryTake(length, out var prefix))
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
            (ulong)RangeMode.IdList => Varint.TryRead(ref _rest, out var count)
                && count <= (ulong)(_rest.Length / LinktreeId.Size)
                && TryTake(count * LinktreeId.Size, out payload),
            _ => false,
        };
    }

    /// <summary>
    /// Bounds rise. The one exception is what the reference implementation writes when the id list up to infinity has filled its frame: the fingerprint of the nothing
    /// behind it.
    /// </summary>
    private readonly bool IsInPlace(MessageRange range) =>
        range.Upper.CompareTo(_previous) > 0
        || (_previous.IsInfinity && _previousMode == RangeMode.IdList && range.Mode == RangeMode.Fingerprint && range.Upper.IsInfinity
            && range.Fingerprint == IdSum.FingerprintOfNothing && _rest.IsEmpty);

    private bool TryTake(ulong length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (length > (ulong)_rest.Length)
            return false;
        bytes = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return true;
    }
}
