using System.Net;
using System.Runtime.CompilerServices;
using Koii.DbSharing.Http;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Peers;

/// <summary>Asks a peer for the extension over HTTP (protocol §3), within what a peer may cost. It keeps no state; safe for use by many threads.</summary>
/// <param name="connections">Give the client of each call, on a handler of <see cref="PeerHttp.CreateHandler"/>.</param>
/// <param name="options">The task and the limits.</param>
/// <param name="timeProvider">The clock of all limits but that of the connection, which is the handler's.</param>
internal sealed class HttpPeerReconciler(PeerConnections connections, DbSharingOptions options, TimeProvider timeProvider) : IPeerReconciler
{
    // A summary has a hundred; a page that some host sends instead is not worth more.
    private const int MaxSummaryBytes = 4 * 1024;

    private readonly string _basePath = PeerHttp.PathOf(options);
    private readonly TransferLimits _summaryLimits = TransferLimits.ForAnswer(options.PeerLimits, MaxSummaryBytes);
    private readonly TransferLimits _messageLimits = TransferLimits.ForAnswer(options.PeerLimits, ProtocolExtension.FrameLimit);

    // A peer ends a fetch with the element that passes the limit.
    private readonly TransferLimits _fetchLimits =
        TransferLimits.ForAnswer(options.PeerLimits, ProtocolExtension.FetchBytes + (2L * options.PeerLimits.MaxElementBytes));

    /// <inheritdoc/>
    public async ValueTask<PeerAnswer<PeerSummary>> GetSummaryAsync(NodeAddress peer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (!connections.TryGet(peer, out var client))
            return new PeerAnswer<PeerSummary>(null, PeerFailures.TooManyPeersAtAddress, 0);
        using var timer = new TransferTimer(timeProvider, _summaryLimits.WholeTimeout, cancellationToken);
        using var transfer = await HttpTransfer.GetAsync(client, UrlOf(peer, "summary"), entityTag: null, _summaryLimits, timer).ConfigureAwait(false);
        var (body, failure, bytes) = await ReadToEndAsync(transfer, _summaryLimits, cancellationToken).ConfigureAwait(false);
        if (failure is not null)
            return new PeerAnswer<PeerSummary>(null, failure, bytes);
        return PeerSummaryReader.TryRead(body, out var summary)
            ? new PeerAnswer<PeerSummary>(summary, null, bytes)
            : new PeerAnswer<PeerSummary>(null, PeerFailures.NotSupported, bytes);
    }

    /// <inheritdoc/>
    public async ValueTask<PeerAnswer<ReadOnlyMemory<byte>>> ReconcileAsync(NodeAddress peer, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (!connections.TryGet(peer, out var client))
            return new PeerAnswer<ReadOnlyMemory<byte>>(default, PeerFailures.TooManyPeersAtAddress, 0);
        using var timer = new TransferTimer(timeProvider, _messageLimits.WholeTimeout, cancellationToken);
        using var transfer = await HttpTransfer.PostAsync(client, UrlOf(peer, "reconcile"), message, _messageLimits, timer).ConfigureAwait(false);
        return await ReadToEndAsync(transfer, _messageLimits, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<PeerPage> FetchAsync(NodeAddress peer, IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentNullException.ThrowIfNull(ids);
        return FetchPagesAsync(peer, ids, cancellationToken);
    }

    private async IAsyncEnumerable<PeerPage> FetchPagesAsync(NodeAddress peer, IReadOnlyList<LinktreeId> ids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!connections.TryGet(peer, out var client))
        {
            yield return new PeerPage([]) { Failure = PeerFailures.TooManyPeersAtAddress };
            yield break;
        }

        using var timer = new TransferTimer(timeProvider, _fetchLimits.WholeTimeout, cancellationToken);
        using var transfer = await HttpTransfer.PostAsync(client, UrlOf(peer, "fetch"), BytesOf(ids), _fetchLimits, timer).ConfigureAwait(false);
        var body = transfer.Status is HttpStatusCode.OK ? await transfer.OpenBodyAsync(_fetchLimits).ConfigureAwait(false) : null;
        if (body is null)
        {
            yield return new PeerPage([]) { Failure = FailureOf(transfer) };
            yield break;
        }

        // The peer has answered. What comes is read in a place of its own, which may have to be waited for.
        yield return new PeerPage([]);
        var limits = new ListLimits(_fetchLimits.MaxBytes, ids.Count, options.PeerLimits.MaxElementBytes);
        var counted = 0L;
        await foreach (var read in LinktreeReader.ReadListAsync(body, limits, cancellationToken).ConfigureAwait(false))
        {
            if (read.End is ListEnd.Complete)
                await body.FinishAsync(cancellationToken).ConfigureAwait(false);
            yield return new PeerPage(read.Linktrees)
            {
                Malformed = read.Malformed,
                BytesReceived = body.BytesReceived - counted,
                Failure = PeerFailures.From(read.End, body.Fault),
            };
            counted = body.BytesReceived;
        }
    }

    private static async ValueTask<PeerAnswer<ReadOnlyMemory<byte>>> ReadToEndAsync(HttpTransfer transfer, TransferLimits limits, CancellationToken cancellationToken)
    {
        var body = transfer.Status is HttpStatusCode.OK ? await transfer.OpenBodyAsync(limits).ConfigureAwait(false) : null;
        if (body is null)
            return new PeerAnswer<ReadOnlyMemory<byte>>(default, FailureOf(transfer), 0);

        // It grows as it is filled, whatever is announced, and never beyond one byte more than there may be.
        var bytes = new byte[1024];
        var length = 0;
        for (int read; (read = await body.ReadAsync(bytes.AsMemory(length), cancellationToken).ConfigureAwait(false)) > 0;)
        {
            length += read;
            if (length == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(2L * length, limits.MaxBytes + 1));
        }

        return body.Fault is { } fault
            ? new PeerAnswer<ReadOnlyMemory<byte>>(default, PeerFailures.From(fault), body.BytesReceived)
            : new PeerAnswer<ReadOnlyMemory<byte>>(bytes.AsMemory(0, length), null, body.BytesReceived);
    }

    private static PeerFailure FailureOf(HttpTransfer transfer) => transfer switch
    {
        { Fault: { } fault } => PeerFailures.From(fault),
        { Status: HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented } => PeerFailures.NotSupported,
        _ => PeerFailures.From(transfer),
    };

    private static byte[] BytesOf(IReadOnlyList<LinktreeId> ids)
    {
        var bytes = new byte[ids.Count * LinktreeId.Size];
        for (var i = 0; i < ids.Count; i++)
            ids[i].AsSpan().CopyTo(bytes.AsSpan(i * LinktreeId.Size));
        return bytes;
    }

    private string UrlOf(NodeAddress peer, string call) => $"{peer.Url}{_basePath}{call}";
}
