namespace Koii.DbSharing.Tests.Records;

/// <summary>
/// A stream that returns its bytes in pieces of given lengths, repeating the last length, and may throw at its end.
/// </summary>
internal sealed class TrickleStream(byte[] bytes, params int[] pieces) : Stream
{
    private int _reads;
    private int _position;

    public int BytesGiven => _position;

    public Exception? BreaksWith { get; init; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        return Read(buffer.Span);
    }

    public override int Read(Span<byte> buffer)
    {
        if (_position == bytes.Length && BreaksWith is not null)
            throw BreaksWith;
        var length = Math.Min(Math.Min(pieces[Math.Min(_reads++, pieces.Length - 1)], buffer.Length), bytes.Length - _position);
        bytes.AsSpan(_position, length).CopyTo(buffer);
        _position += length;
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
