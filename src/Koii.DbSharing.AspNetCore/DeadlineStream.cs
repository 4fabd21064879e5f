using System.Buffers;
using System.IO.Pipelines;

namespace Koii.DbSharing.AspNetCore;

/// <summary>
/// The bodies of a request and of its response under one <see cref="RequestDeadline"/>: reads the one, writes the other.
/// </summary>
/// <remarks>
/// A late read is canceled through the pipe. A token would leave Kestrel's reader in the middle of a read, and Kestrel
/// logs a warning about that for each slow client.
/// </remarks>
internal sealed class DeadlineStream(PipeReader requestBody, Stream responseBody, RequestDeadline deadline) : Stream
{
    private const string AsynchronousOnly = "The bodies can only be read and written asynchronously.";

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads what has arrived, without a wait.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <param name="count">The number of bytes that were read; 0 at the end of the body.</param>
    /// <returns><see langword="false"/> if nothing has arrived.</returns>
    public bool TryRead(Memory<byte> buffer, out int count)
    {
        deadline.Token.ThrowIfCancellationRequested();
        count = 0;
        if (!requestBody.TryRead(out var read))
            return false;
        if (read is { IsCanceled: false, IsCompleted: false, Buffer.IsEmpty: true })
        {
            requestBody.AdvanceTo(read.Buffer.End);
            return false;
        }

        count = Take(read, buffer);
        return true;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        deadline.Token.ThrowIfCancellationRequested();
        return Take(await deadline.WaitAsync(requestBody.ReadAsync(CancellationToken.None), requestBody.CancelPendingRead), buffer);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await deadline.WaitAsync(WithResult(responseBody.WriteAsync(buffer, cancellationToken)));
        deadline.Count(buffer.Length);
    }

    public override async Task FlushAsync(CancellationToken cancellationToken) =>
        await deadline.WaitAsync(WithResult(new ValueTask(responseBody.FlushAsync(cancellationToken))));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException(AsynchronousOnly);

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException(AsynchronousOnly);

    public override void Flush() => throw new NotSupportedException(AsynchronousOnly);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private int Take(ReadResult read, Memory<byte> buffer)
    {
        var bytes = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, buffer.Length));
        bytes.CopyTo(buffer.Span);
        var count = (int)bytes.Length;
        requestBody.AdvanceTo(bytes.End);
        if (read.IsCanceled)
            throw new OperationCanceledException("The body came too slowly.", deadline.Token);
        deadline.Count(count);
        return count;
    }

    // A write that has completed must stay completed: WaitAsync then arms no timer.
    private static ValueTask<bool> WithResult(ValueTask write)
    {
        if (!write.IsCompletedSuccessfully)
            return AwaitAsync(write);
        write.GetAwaiter().GetResult();
        return new ValueTask<bool>(true);

        static async ValueTask<bool> AwaitAsync(ValueTask write)
        {
            await write;
            return true;
        }
    }
}
