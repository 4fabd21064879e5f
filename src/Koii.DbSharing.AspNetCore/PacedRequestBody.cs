using System.Buffers;
using System.IO.Pipelines;

namespace Koii.DbSharing.AspNetCore;

/// <summary>A request's body, read at a pace that is watched.</summary>
/// <remarks>
/// A late read is ended by the pipe's own means: a token would leave Kestrel's reader in the middle of a read, and it writes a warning about that for every slow
/// client.
/// </remarks>
internal sealed class PacedRequestBody(PipeReader body, ClientPace pace) : PacedStream
{
    public override bool CanRead => true;

    public override bool CanWrite => false;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        pace.Token.ThrowIfCancellationRequested();
        var read = await pace.WaitAsync(body.ReadAsync(CancellationToken.None), body.CancelPendingRead);
        var bytes = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, buffer.Length));
        bytes.CopyTo(buffer.Span);
        var count = (int)bytes.Length;
        body.AdvanceTo(bytes.End);
        if (read.IsCanceled)
            throw new OperationCanceledException("The body came too slowly.", pace.Token);
        pace.Count(count);
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public override Task FlushAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
