namespace Koii.DbSharing.Http;

/// <summary>
/// The body as it comes over the wire: counted, and waited for within the limits. Whatever breaks it reads as its end, with the reason in
/// <see cref="Fault"/>, so that a reader keeps what came before. Only the caller's cancellation throws.
/// </summary>
internal sealed class WireStream(Stream inner, TransferLimits limits, TransferTimer timer) : ForwardReadStream
{
    private TimeSpan _waited;

    /// <summary>How many bytes came.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>Why the body ended early, or <see langword="null"/>.</summary>
    public TransferFault? Fault { get; private set; }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Fault is not null || buffer.IsEmpty)
            return 0;

        int count;
        try
        {
            // The timer's token covers the given one, which is the caller's as well.
            var pending = inner.ReadAsync(buffer, timer.Token);
            count = pending.IsCompleted ? await pending.ConfigureAwait(false) : await WaitAsync(pending).ConfigureAwait(false);
        }
        catch (Exception exception) when (TransferFault.From(exception, timer) is { } fault)
        {
            timer.ThrowIfCancelledByCaller();
            Fault = fault;
            return 0;
        }

        BytesReceived += count;
        if (count == 0)
            return 0;

        // Decompression can swallow any number of bytes and give none, so the wire has the limit too.
        if (BytesReceived > limits.MaxBytes)
            Fault = TransferFault.TooLarge;
        else if (IsTooSlow)
            Fault = TransferFault.TooSlow;
        return count - (int)Math.Max(0, BytesReceived - limits.MaxBytes);
    }

    // Only waiting counts: the time in which nobody reads is ours, not the peer's.
    private bool IsTooSlow => _waited >= limits.IdleTimeout && BytesReceived < limits.MinBytesPerSecond * _waited.TotalSeconds;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> WaitAsync(ValueTask<int> pending)
    {
        var start = timer.Clock.GetTimestamp();
        timer.Arm(limits.IdleTimeout, TransferFault.IdleTimeout);
        try
        {
            return await pending.ConfigureAwait(false);
        }
        finally
        {
            timer.Disarm();
            _waited += timer.Clock.GetElapsedTime(start);
        }
    }
}
