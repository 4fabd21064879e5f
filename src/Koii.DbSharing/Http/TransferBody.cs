using System.IO.Compression;

namespace Koii.DbSharing.Http;

/// <summary>
/// The body of a response, decompressed where it is compressed, and limited on the wire and after decompression. A
/// failure reads as the end of the body, with the reason in <see cref="Fault"/>, so that a reader keeps what came
/// before. Only the caller's cancellation throws.
/// </summary>
internal sealed class TransferBody : ForwardReadStream
{
    private readonly WireStream _wire;
    private readonly Stream _content;
    private readonly TransferTimer _timer;
    private long _bytesLeft;
    private TransferFault? _fault;

    /// <summary>Wraps the body of a response.</summary>
    /// <param name="stream">The body as it comes over the wire.</param>
    /// <param name="isCompressed">Whether it is compressed with gzip.</param>
    /// <param name="timer">The timer of the transfer, with its limits.</param>
    public TransferBody(Stream stream, bool isCompressed, TransferTimer timer)
    {
        _wire = new WireStream(stream, timer);
        _content = isCompressed ? new GZipStream(_wire, CompressionMode.Decompress) : _wire;
        _timer = timer;
        _bytesLeft = timer.Limits.MaxBytes;
    }

    /// <summary>The bytes received on the wire.</summary>
    public long BytesReceived => _wire.BytesReceived;

    /// <summary>Why the body ended early, or <see langword="null"/>.</summary>
    public TransferFault? Fault => _wire.Fault ?? _fault;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _timer.ThrowIfCanceledByCaller();
        // A few bytes of the wire can decompress into very many without a single wait, and only a wait observes the
        // timer.
        _fault ??= _timer.Expired;
        if (_fault is not null)
            return 0;

        int count;
        try
        {
            count = await _content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            _fault = TransferFault.DamagedCompression;
            return 0;
        }

        if (count > _bytesLeft)
        {
            _fault = TransferFault.TooLarge;
            count = (int)_bytesLeft;
        }

        _bytesLeft -= count;
        return count;
    }

    /// <summary>Reads the whole body into memory. Its limit must fit an array.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadToEndAsync(CancellationToken cancellationToken)
    {
        // The buffer grows as it is filled, whatever length is announced, and never beyond one byte more than the
        // limit.
        var bytes = new byte[1024];
        var length = 0;
        for (int read; (read = await ReadAsync(bytes.AsMemory(length), cancellationToken).ConfigureAwait(false)) > 0;)
        {
            length += read;
            if (length == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(2L * length, _timer.Limits.MaxBytes + 1));
        }

        return bytes.AsMemory(0, length);
    }

    /// <summary>
    /// Reads the end after the last byte that is of use, where it follows at once: only then can the connection carry
    /// another request, and only then is the check sum of a compressed body verified.
    /// </summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        var rest = new byte[64];
        // A line break may stand between the two; anything longer is not worth the wait.
        for (var read = 0; read < 2 && await ReadAsync(rest, cancellationToken).ConfigureAwait(false) > 0; read++)
        {
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _content.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The body on the wire: it counts the bytes and bounds each wait. A failure reads as the end.</summary>
    private sealed class WireStream(Stream inner, TransferTimer timer) : ForwardReadStream
    {
        private readonly TransferLimits _limits = timer.Limits;
        private TimeSpan _waited;

        public long BytesReceived { get; private set; }

        public TransferFault? Fault { get; private set; }

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
                timer.ThrowIfCanceledByCaller();
                Fault = fault;
                return 0;
            }

            BytesReceived += count;
            if (count == 0)
                return 0;

            // Decompression can take in any number of bytes and yield none, so the wire has the limit too.
            if (BytesReceived > _limits.MaxBytes)
                Fault = TransferFault.TooLarge;
            else if (IsTooSlow)
                Fault = TransferFault.TooSlow;
            return count - (int)Math.Max(0, BytesReceived - _limits.MaxBytes);
        }

        // Only the time spent waiting counts: the time in which this node does not read is its own, not the peer's.
        private bool IsTooSlow => _waited >= _limits.IdleTimeout && BytesReceived < _limits.MinBytesPerSecond * _waited.TotalSeconds;

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }

        private async ValueTask<int> WaitAsync(ValueTask<int> pending)
        {
            var start = timer.Clock.GetTimestamp();
            timer.StartStep(_limits.IdleTimeout, TransferFault.IdleTimeout);
            try
            {
                return await pending.ConfigureAwait(false);
            }
            finally
            {
                timer.EndStep();
                _waited += timer.Clock.GetElapsedTime(start);
            }
        }
    }
}
