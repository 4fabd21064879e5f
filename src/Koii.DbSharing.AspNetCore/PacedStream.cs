namespace Koii.DbSharing.AspNetCore;

/// <summary>A body as the server gives it, read or written at a pace that is watched.</summary>
internal sealed class PacedStream(Stream body, ClientPace pace) : Stream
{
    public override bool CanRead => body.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => body.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        pace.WaitAsync(body.ReadAsync(buffer, cancellationToken));

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        await pace.WaitAsync(AsRead(body.WriteAsync(buffer, cancellationToken)), buffer.Length);

    public override async Task FlushAsync(CancellationToken cancellationToken) => await pace.WaitAsync(AsRead(new ValueTask(body.FlushAsync(cancellationToken))));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => throw new NotSupportedException("Only asynchronous calls are possible here.");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous calls are possible here.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous calls are possible here.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static ValueTask<int> AsRead(ValueTask writing)
    {
        if (!writing.IsCompletedSuccessfully)
            return Pending(writing);
        writing.GetAwaiter().GetResult();
        return new ValueTask<int>(0);

        static async ValueTask<int> Pending(ValueTask writing)
        {
            await writing;
            return 0;
        }
    }
}
