using System.Net;
using System.Runtime.CompilerServices;
using Koii.DbSharing.Http;
using Koii.DbSharing.Records;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Peers;

/// <summary>Reads a peer's list over HTTP (protocol §4.2), within what a peer may cost. Safe for use by many threads.</summary>
/// <param name="connections">Give the client of each call, on a handler of <see cref="PeerHttp.CreateHandler"/>.</param>
/// <param name="options">The task and the limits.</param>
/// <param name="timeProvider">The clock of all limits but that of the connection, which is the handler's.</param>
/// <param name="logger">Hears at Debug how a pull ended; the report tells it to everybody else.</param>
internal sealed partial class HttpPeerClient(
    PeerConnections connections, DbSharingOptions options, TimeProvider timeProvider, ILogger<HttpPeerClient> logger) : IPeerClient, IRoundAware
{
    private readonly string _basePath = PeerHttp.PathOf(options);
    private readonly TransferLimits _limits = TransferLimits.ForList(options.PeerLimits);
    private readonly ListLimits _listLimits =
        new(options.PeerLimits.MaxListBytes, options.PeerLimits.MaxListElements, options.PeerLimits.MaxElementBytes);

    private readonly ListPathMemory _paths = new();

    /// <inheritdoc/>
    public IAsyncEnumerable<PeerPage> ReadAllAsync(NodeAddress peer, string? entityTag, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return PullAsync(peer, ListEntityTag.TryParse(entityTag, out var held) ? held : null, cancellationToken);
    }

    /// <inheritdoc/>
    public void BeginRound() => connections.BeginRound();

    private async IAsyncEnumerable<PeerPage> PullAsync(NodeAddress peer, ListEntityTag? held, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!connections.TryGet(peer, out var client))
        {
            yield return End(peer, ListPath.All, new PeerPage([]) { Failure = PeerFailures.TooManyPeersAtAddress });
            yield break;
        }

        using var timer = new TransferTimer(timeProvider, _limits.WholeTimeout, cancellationToken);
        // A tag is proof that its path worked once.
        var first = _paths.Recall(peer) ?? held?.Path ?? ListPath.All;
        var firstIsMissing = false;
        var uncounted = 0L;

        for (var path = first; ; path = path.Other())
        {
            var isFirst = path == first;
            var tag = held is { } entityTag && entityTag.Path == path ? entityTag.Tag : null;
            using var transfer = await HttpTransfer.GetAsync(client, $"{peer.Url}{_basePath}{path.ToSegment()}", tag, _limits, timer).ConfigureAwait(false);
            if (transfer.Status is HttpStatusCode.NotFound)
            {
                firstIsMissing |= isFirst;
                if (isFirst)
                    continue;
                // Some hosts answer an empty list with 404. A page of HTML on the other path says nothing of the kind.
                yield return End(peer, path, new PeerPage([]) { BytesReceived = uncounted, Failure = firstIsMissing ? null : PeerFailures.NotAList });
                yield break;
            }

            var body = transfer.Status is HttpStatusCode.OK ? await transfer.OpenBodyAsync(_limits).ConfigureAwait(false) : null;
            if (body is null)
            {
                yield return End(peer, path, WithoutBody(transfer, tag is not null) with { BytesReceived = uncounted });
                yield break;
            }

            // The peer has answered. What comes is read in a place of its own, which may have to be waited for.
            yield return new PeerPage([]);
            var isList = true;
            var counted = -uncounted;
            await foreach (var read in LinktreeReader.ReadListAsync(body, _listLimits, cancellationToken).ConfigureAwait(false))
            {
                isList = read.End is not ListEnd.NotAList || body.Fault is not null;
                if (!isList && isFirst)
                    break;
                if (read.End is ListEnd.Complete)
                    await body.FinishAsync(cancellationToken).ConfigureAwait(false);

                var page = new PeerPage(read.Linktrees)
                {
                    Malformed = read.Malformed,
                    BytesReceived = body.BytesReceived - counted,
                    Failure = PeerFailures.From(read.End, body.Fault),
                };
                counted = body.BytesReceived;
                if (read.End is ListEnd.More or ListEnd.Complete)
                    _paths.Remember(peer, path);
                if (read.End is ListEnd.Complete && body.Fault is null)
                    page = page with { EntityTag = ListEntityTag.FromHeader(path, transfer.EntityTag) };
                yield return read.End is ListEnd.More ? page : End(peer, path, page);
            }

            if (isList || !isFirst)
                yield break;
            uncounted = body.BytesReceived;
        }
    }

    private static PeerPage WithoutBody(HttpTransfer transfer, bool isConditional)
    {
        if (transfer.Fault is { } fault)
            return new PeerPage([]) { Failure = PeerFailures.From(fault) };
        return transfer.Status is HttpStatusCode.NotModified && isConditional
            ? new PeerPage([]) { NotModified = true }
            : new PeerPage([]) { Failure = PeerFailures.From(transfer) };
    }

    private PeerPage End(NodeAddress peer, ListPath path, PeerPage page)
    {
        if (page.Failure is { } failure)
            Log.PullFailed(logger, peer, path, failure.Kind, failure.StatusCode, failure.Detail);
        else
            Log.PullEnded(logger, peer, path, page.NotModified);
        return page;
    }
}
