using System.IO.Compression;

namespace Koii.DbSharing.Http;

/// <summary>
/// The body as it was meant: decompressed where it came compressed, and limited on both sides. Whatever breaks it reads as its end, with the
/// reason in <see cref="Fault"/>; only the caller's cancellation throws.
/// </summary>
internal sealed class TransferBody : ForwardReadStream
{
    private readonly WireStream _wire;
    private readonly Stream _content;
    private readonly TransferTimer _timer;
    private long _left;
    private TransferFault? _fault;

    public TransferBody(Stream stream, bool isCompressed, TransferLimits limits, TransferTimer timer)
    {
        _wire = new WireStream(stream, limits, timer);
        _content = isCompressed ? new GZipStream(_wire, CompressionMode.Decompress) : _wire;
        _timer = timer;
        _left = limits.MaxBytes;
    }

    /// <summary>How many bytes came over the wire.</summary>
    public long BytesReceived => _wire.BytesReceived;

    /// <summary>Why the body ended early, or <see langword="null"/>.</summary>
    public TransferFault? Fault => _wire.Fault ?? _fault;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _timer.ThrowIfCancelledByCaller();
        // A few bytes of the wire can decompress into very many, all of them without a wait in which the timer would be seen.
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

        if (count > _left)
        {
            _fault = TransferFault.TooLarge;
            count = (int)_left;
        }

        _left -= count;
        return count;
    }

    /// <summary>
    /// Reads the end behind the last byte that mattered, where it follows at once: only then is the connection good for another request, and the
    /// check sum of a compressed body seen.
    /// </summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        var rest = new byte[64];
        // A line break may stand between the two; whatever is longer is not worth the wait.
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
}
