using System.Buffers.Binary;
using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Reconciliation.Messages;

/// <summary>Writes a message of protocol §5 range by range, with the shortest form of each number and bound.</summary>
internal sealed class MessageWriter
{
    private byte[] _buffer = new byte[1024];
    private ulong _lastTime;

    public MessageWriter() => Append([MessageReader.Version]);

    /// <summary>The number of bytes written.</summary>
    public int Length { get; private set; }

    public void WriteSkip(RangeBound upper) => WriteHeader(upper, RangeMode.Skip);

    public void WriteFingerprint(RangeBound upper, UInt128 fingerprint)
    {
        WriteHeader(upper, RangeMode.Fingerprint);
        BinaryPrimitives.WriteUInt128BigEndian(Reserve(MessageRange.FingerprintSize), fingerprint);
        Length += MessageRange.FingerprintSize;
    }

    /// <summary>Writes the ids of the items from one rank to another.</summary>
    public void WriteIdList(RangeBound upper, ItemSet set, long from, long to)
    {
        WriteHeader(upper, RangeMode.IdList);
        WriteVarint((ulong)(to - from));
        while (from < to)
        {
            var run = set.RunAt(from, to);
            foreach (ref readonly var item in run)
                Append(item.Id.AsSpan());
            from += run.Length;
        }
    }

    /// <summary>
    /// Removes everything after a length. Times are written as differences, so only a range up to infinity, which has
    /// none, may follow.
    /// </summary>
    public void Truncate(int length) => Length = length;

    public byte[] ToArray() => _buffer[..Length];

    private void WriteHeader(RangeBound upper, RangeMode mode)
    {
        var time = upper.Lowest.Time;
        WriteVarint(upper.IsInfinity ? 0 : 1 + (time - _lastTime));
        _lastTime = time;
        WriteVarint((ulong)upper.PrefixLength);
        Append(upper.Lowest.Id.AsSpan()[..upper.PrefixLength]);
        WriteVarint((ulong)mode);
    }

    private void WriteVarint(ulong value) => Length += Varint.Write(Reserve(Varint.MaxSize), value);

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    private Span<byte> Reserve(int size)
    {
        if (_buffer.Length - Length < size)
            Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, Length + size));
        return _buffer.AsSpan(Length);
    }
}
