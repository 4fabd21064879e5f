using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Http;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Records;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Peers;

/// <summary>Talks HTTP to peers (protocol §3, §4.2) within <see cref="PeerLimits"/>. Safe for use by many threads.</summary>
/// <remarks>At most <see cref="DbSharingOptions.MaxConcurrentPeers"/> bodies of records are read at the same time (<see cref="PageReader"/>).</remarks>
internal sealed partial class HttpPeer : IPeerClient, IPeerReconciler, IRoundAware
{
    /// <summary>How many peers' paths are remembered. Forgetting one costs a request that ends in 404.</summary>
    internal const int MaxRememberedPaths = 1_024;

    // The two paths under which a peer may serve its list (protocol §3): records under their keys, and bare records,
    // the only one of newer JavaScript nodes.
    private const string AllPath = "all";
    private const string ListPath = "list";

    // A summary has about a hundred bytes.
    private const int MaxSummaryBytes = 4 * 1024;

    private readonly HttpClient _listedClient;
    private readonly HttpClient _configuredClient;
    private readonly PeerAddressGuard _guard;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    private readonly HashSet<NodeAddress> _configured;
    private readonly string _basePath;
    private readonly PeerLimits _peerLimits;
    private readonly TransferLimits _listLimits;
    private readonly TransferLimits _summaryLimits;
    private readonly TransferLimits _messageLimits;
    private readonly TransferLimits _fetchLimits;

    private readonly PageReader _pages;
    private readonly ConcurrentDictionary<NodeAddress, string> _paths = [];

    /// <summary>Initializes a client for all peers of a task.</summary>
    /// <param name="listedClient">
    /// The client for peers of the node list, which connects through <paramref name="guard"/>.
    /// </param>
    /// <param name="configuredClient">
    /// The client for peers that the operator named (<see cref="DbSharingOptions.Nodes"/>), wherever they are. It has
    /// connections of its own, so that a listed peer cannot use those of a named one.
    /// </param>
    /// <param name="guard">Decides which listed peers are called.</param>
    /// <param name="options">The task and the limits.</param>
    /// <param name="timeProvider">The clock of all limits but that of the connection, which is the connector's.</param>
    /// <param name="logger">Receives at Debug how each list was read.</param>
    public HttpPeer(
        HttpClient listedClient,
        HttpClient configuredClient,
        PeerAddressGuard guard,
        DbSharingOptions options,
        TimeProvider timeProvider,
        ILogger<HttpPeer> logger)
    {
        (_listedClient, _configuredClient, _guard, _timeProvider, _logger) = (listedClient, configuredClient, guard, timeProvider, logger);
        _configured = [.. options.Nodes.Select(NodeAddress.Parse)];
        _basePath = $"/task/{Uri.EscapeDataString(options.TaskId)}/{Uri.EscapeDataString(options.ResourceName)}/";
        _peerLimits = options.PeerLimits;
        _listLimits = TransferLimits.ForPeer(_peerLimits, _peerLimits.MaxListBytes);
        _summaryLimits = TransferLimits.ForPeer(_peerLimits, MaxSummaryBytes);
        _messageLimits = TransferLimits.ForPeer(_peerLimits, ProtocolExtension.FrameLimit);
        // A peer ends a fetch with the element that exceeds the limit.
        _fetchLimits = TransferLimits.ForPeer(_peerLimits, ProtocolExtension.FetchBytes + (2L * _peerLimits.MaxElementBytes));
        _pages = new PageReader(new AsyncSemaphore(options.MaxConcurrentPeers), timeProvider);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<PeerPage> ReadAllAsync(NodeAddress peer, string? entityTag, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return ReadListAsync(peer, ListEntityTag.TryParse(entityTag, out var held) ? held : null, cancellationToken);
    }

    /// <inheritdoc/>
    public void BeginRound(IReadOnlyCollection<NodeAddress> peers, IReadOnlyCollection<NodeAddress> late) =>
        _guard.Limit.BeginRound([.. peers.Except(_configured)], late);

    /// <inheritdoc/>
    public async ValueTask<PeerAnswer<PeerSummary>> GetSummaryAsync(NodeAddress peer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (!TryAdmit(peer))
            return new PeerAnswer<PeerSummary>(null, PeerFailures.TooManyPeersAtAddress, 0);
        using var timer = new TransferTimer(_timeProvider, _summaryLimits, cancellationToken);
        using var transfer = await HttpTransfer.GetAsync(ClientFor(peer), UrlOf(peer, "summary"), entityTag: null, timer).ConfigureAwait(false);
        var answer = await ReadToEndAsync(peer, transfer, cancellationToken).ConfigureAwait(false);
        PeerSummary? summary = null;
        var failure = answer.Failure ?? (PeerSummaryReader.TryRead(answer.Value, out summary) ? null : PeerFailures.NotSupported);
        RecordResult(peer, failure);
        return new PeerAnswer<PeerSummary>(summary, failure, answer.BytesReceived) { Source = answer.Source };
    }

    /// <inheritdoc/>
    public async ValueTask<PeerAnswer<ReadOnlyMemory<byte>>> ReconcileAsync(
        NodeAddress peer, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (!TryAdmit(peer))
            return new PeerAnswer<ReadOnlyMemory<byte>>(default, PeerFailures.TooManyPeersAtAddress, 0);
        using var timer = new TransferTimer(_timeProvider, _messageLimits, cancellationToken);
        using var transfer = await HttpTransfer.PostAsync(ClientFor(peer), UrlOf(peer, "reconcile"), message, timer).ConfigureAwait(false);
        var answer = await ReadToEndAsync(peer, transfer, cancellationToken).ConfigureAwait(false);
        RecordResult(peer, answer.Failure);
        return answer;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<PeerPage> FetchAsync(NodeAddress peer, IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentNullException.ThrowIfNull(ids);
        return ReadRecordsAsync(peer, ids, cancellationToken);
    }

    private async IAsyncEnumerable<PeerPage> ReadListAsync(
        NodeAddress peer, ListEntityTag? held, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // An entity tag proves that its path worked once.
        var first = _paths.TryGetValue(peer, out var known) ? known : held?.Path ?? AllPath;
        if (!TryAdmit(peer))
        {
            yield return LogEnd(peer, first, new PeerPage([]) { Failure = PeerFailures.TooManyPeersAtAddress });
            yield break;
        }

        using var timer = new TransferTimer(_timeProvider, _listLimits, cancellationToken);
        var limits = new ListLimits(_peerLimits.MaxListBytes, _peerLimits.MaxListElements, _peerLimits.MaxElementBytes);
        var firstIsMissing = false;
        var bytesBefore = 0L; // of the body at the first path that was not a list
        foreach (var path in (string[])[first, first is AllPath ? ListPath : AllPath])
        {
            var isFirst = path == first;
            var tag = held is { } entityTag && entityTag.Path == path ? entityTag.Tag : null;
            using var transfer = await HttpTransfer.GetAsync(ClientFor(peer), UrlOf(peer, path), tag, timer).ConfigureAwait(false);
            if (isFirst && transfer.Status is HttpStatusCode.NotFound)
            {
                firstIsMissing = true;
                continue;
            }

            if (await transfer.OpenBodyAsync().ConfigureAwait(false) is not { } body)
            {
                var onlyPage = PageWithoutBody(transfer, tag is not null, firstIsMissing);
                yield return LogEnd(peer, path, onlyPage with { BytesReceived = bytesBefore, Source = SourceOf(peer, transfer) });
                yield break;
            }

            var source = SourceOf(peer, transfer);
            await foreach (var (read, isLast) in _pages.ReadAsync(body, limits, cancellationToken).ConfigureAwait(false))
            {
                if (isFirst && read.Failure?.Kind is PeerFailureKind.NotAList)
                    break;
                var page = read with { BytesReceived = read.BytesReceived + bytesBefore, Source = source };
                bytesBefore = 0;
                if (page.Failure is null)
                    RememberPath(peer, path);
                if (isLast && page.Failure is null && body.Fault is null)
                    page = page with { EntityTag = ListEntityTag.FromHeader(path, transfer.EntityTag) };
                yield return isLast ? LogEnd(peer, path, page) : page;
                if (isLast)
                    yield break;
            }

            bytesBefore = body.BytesReceived;
        }
    }

    private async IAsyncEnumerable<PeerPage> ReadRecordsAsync(
        NodeAddress peer, IReadOnlyList<LinktreeId> ids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!TryAdmit(peer))
        {
            yield return new PeerPage([]) { Failure = PeerFailures.TooManyPeersAtAddress };
            yield break;
        }

        using var timer = new TransferTimer(_timeProvider, _fetchLimits, cancellationToken);
        using var transfer = await HttpTransfer.PostAsync(ClientFor(peer), UrlOf(peer, "fetch"), BytesOf(ids), timer).ConfigureAwait(false);
        if (await transfer.OpenBodyAsync().ConfigureAwait(false) is not { } body)
        {
            yield return new PeerPage([]) { Failure = PeerFailures.FromExtension(transfer), Source = SourceOf(peer, transfer) };
            yield break;
        }

        var limits = new ListLimits(_fetchLimits.MaxBytes, ids.Count, _peerLimits.MaxElementBytes);
        var source = SourceOf(peer, transfer);
        await foreach (var (page, isLast) in _pages.ReadAsync(body, limits, cancellationToken).ConfigureAwait(false))
        {
            if (isLast)
                RecordResult(peer, page.Failure);
            yield return page with { Source = source };
        }
    }

    private async ValueTask<PeerAnswer<ReadOnlyMemory<byte>>> ReadToEndAsync(
        NodeAddress peer, HttpTransfer transfer, CancellationToken cancellationToken)
    {
        var source = SourceOf(peer, transfer);
        if (await transfer.OpenBodyAsync().ConfigureAwait(false) is not { } body)
            return new PeerAnswer<ReadOnlyMemory<byte>>(default, PeerFailures.FromExtension(transfer), 0) { Source = source };
        var bytes = await body.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        var failure = body.Fault is { } fault ? PeerFailures.From(fault) : null;
        return new PeerAnswer<ReadOnlyMemory<byte>>(failure is null ? bytes : default, failure, body.BytesReceived) { Source = source };
    }

    private static PeerPage PageWithoutBody(HttpTransfer transfer, bool isConditional, bool firstIsMissing) => transfer.Status switch
    {
        HttpStatusCode.NotModified when isConditional => new PeerPage([]) { NotModified = true },
        // Some hosts answer with 404 if the list is empty. Only 404 at both paths means an empty list.
        HttpStatusCode.NotFound when firstIsMissing => new PeerPage([]) { NotFound = true },
        HttpStatusCode.NotFound => new PeerPage([]) { Failure = PeerFailures.NotAList },
        _ => new PeerPage([]) { Failure = PeerFailures.From(transfer) },
    };

    private PeerSource? SourceOf(NodeAddress peer, HttpTransfer transfer) =>
        transfer.Status is null ? null : new PeerSource(_guard.GetLastAddress(peer)?.ToString(), transfer.ClockOffset);

    private void RecordResult(NodeAddress peer, PeerFailure? failure)
    {
        // These two tell nothing about the peer.
        if (failure?.Kind is not (PeerFailureKind.NotSupported or PeerFailureKind.TooManyPeersAtAddress))
            _guard.Limit.RecordResult(peer, failure is null);
    }

    private PeerPage LogEnd(NodeAddress peer, string path, PeerPage page)
    {
        RecordResult(peer, page.Failure);
        if (page.Failure is { } failure)
            Log.PullFailed(_logger, peer, path, failure.Kind, failure.StatusCode, failure.Detail);
        else
            Log.PullEnded(_logger, peer, path, page.NotModified);
        return page;
    }

    private void RememberPath(NodeAddress peer, string path)
    {
        // All at once, so that a node list of ever new names cannot make it grow.
        if (_paths.Count >= MaxRememberedPaths && !_paths.ContainsKey(peer))
            _paths.Clear();
        _paths[peer] = path;
    }

    private bool TryAdmit(NodeAddress peer) => _configured.Contains(peer) || _guard.Limit.TryAdmit(peer);

    private HttpClient ClientFor(NodeAddress peer) => _configured.Contains(peer) ? _configuredClient : _listedClient;

    private string UrlOf(NodeAddress peer, string call) => $"{peer.Url}{_basePath}{call}";

    private static byte[] BytesOf(IReadOnlyList<LinktreeId> ids)
    {
        var bytes = new byte[ids.Count * LinktreeId.Size];
        for (var i = 0; i < ids.Count; i++)
            ids[i].AsSpan().CopyTo(bytes.AsSpan(i * LinktreeId.Size));
        return bytes;
    }
}
