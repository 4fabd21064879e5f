using System.Runtime.ExceptionServices;
using Koii.DbSharing.Peers;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

/// <summary>Runs rounds: gets the node list, selects peers, synchronizes from all of them concurrently, and sums up. One round at a time.</summary>
/// <param name="directory">Lists the nodes.</param>
/// <param name="selector">Selects the peers.</param>
/// <param name="roundAware">Receives the start of each round.</param>
/// <param name="peers">The state of each peer.</param>
/// <param name="sync">Synchronizes from one peer.</param>
/// <param name="processor">Decides on records and stores them.</param>
/// <param name="storeScheduler">Runs the store stage; see <see cref="BatchPipeline"/>.</param>
/// <param name="taskId">The task, for the log.</param>
/// <param name="random">The random source of the selection.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class ReplicationRound(
    INodeDirectory directory,
    PeerSelector selector,
    IRoundAware? roundAware,
    PeerTable peers,
    PeerSync sync,
    RecordProcessor processor,
    TaskScheduler? storeScheduler,
    string taskId,
    Random random,
    TimeProvider timeProvider,
    ILogger logger)
{
    private bool _hadNodeList = true;
    private bool _hadSuccess = true;

    /// <summary>Runs one round.</summary>
    public async Task<ReplicationReport> RunAsync(CancellationToken cancellationToken)
    {
        var startedAt = timeProvider.GetUtcNow();
        var started = timeProvider.GetTimestamp();
        var listing = await GetNodesAsync(cancellationToken).ConfigureAwait(false);
        var hasNodeList = listing.Status != NodeListingStatus.Unavailable || listing.Nodes.Count > 0;

        roundAware?.BeginRound();
        var selected = hasNodeList ? selector.Select(listing.Nodes, peers.GetState, random) : [];
        var reports = await SyncAllAsync(selected, cancellationToken).ConfigureAwait(false);
        var verdicts = new VerdictTally();
        foreach (var report in reports)
            verdicts.Add(report.Verdicts);

        var round = new ReplicationReport(hasNodeList ? RoundOutcome.Completed : RoundOutcome.NoNodeList)
        {
            StartedAt = startedAt,
            Duration = timeProvider.GetElapsedTime(started),
            Nodes = listing,
            Verdicts = verdicts.ToCounts(),
            Peers = reports,
        };
        LogRound(round);
        return round;
    }

    private async Task<NodeListing> GetNodesAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await directory.GetNodesAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Log.DirectoryThrew(logger, taskId, exception);
            return new NodeListing([]) { Status = NodeListingStatus.Unavailable, Problems = [$"The INodeDirectory threw {exception.GetType().Name}; see the log."] };
        }
    }

    /// <summary>
    /// Starts all peers at once, so that one that does not answer delays no other. Parallel.ForEachAsync continues on a thread of the pool, which makes tests on a fake clock
    /// nondeterministic.
    /// </summary>
    /// <returns>The reports in the order of the peers. An exception cancels the other peers and is thrown when all have stopped.</returns>
    private async Task<IReadOnlyList<PeerReport>> SyncAllAsync(IReadOnlyList<NodeAddress> selected, CancellationToken cancellationToken)
    {
        using var round = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var batches = new BatchPipeline(processor, storeScheduler, round.Token);
        var reports = new PeerReport[selected.Count];
        var running = new List<Task>(selected.Count);
        ExceptionDispatchInfo? failure = null;

        while (running.Count < selected.Count && !round.IsCancellationRequested)
            running.Add(SyncOneAsync(running.Count));
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        failure?.Throw();
        cancellationToken.ThrowIfCancellationRequested();
        return reports;

        async Task SyncOneAsync(int index)
        {
            try
            {
                reports[index] = await sync.RunAsync(selected[index], batches, round.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (round.IsCancellationRequested)
            {
                // The caller's cancellation or the failure of another peer's task: either is thrown above.
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
                round.Cancel();
            }
        }
    }

    private void LogRound(ReplicationReport round)
    {
        var verdicts = round.Verdicts;
        if (round.Outcome == RoundOutcome.NoNodeList)
        {
            // A warning once; the following rounds repeat it for debugging only.
            var level = _hadNodeList ? LogLevel.Warning : LogLevel.Debug;
            var problems = string.Join(' ', round.Nodes.Problems);
            Log.NoNodeList(logger, level, taskId, problems);
        }
        else
        {
            var level = verdicts.Inserted + verdicts.Replaced > 0 ? LogLevel.Information : LogLevel.Debug;
            if (logger.IsEnabled(level))
            {
                var failed = round.Peers.Count(peer => peer.Failure is not null);
                Log.RoundCompleted(
                    logger, level, taskId, round.Duration, round.Peers.Count, failed, verdicts.Total, verdicts.Inserted, verdicts.Replaced, verdicts.Full, verdicts.Rejected);
            }

            LogAllFailed(round.Peers);
        }

        _hadNodeList = round.Outcome != RoundOutcome.NoNodeList;
    }

    // A failure of one peer is ordinary. The failure of all is most likely one of this node's network or settings, and a warning once.
    private void LogAllFailed(IReadOnlyList<PeerReport> reports)
    {
        if (reports.Count == 0)
            return; // All peers back off, so nothing new is known.

        var hasSuccess = reports.Any(report => report.Failure is null);
        if (!hasSuccess && _hadSuccess)
            Log.AllPeersFailed(logger, reports.Count, taskId, reports[0].Peer, reports[0].Failure!.Kind, reports[0].Failure!.Detail);
        _hadSuccess = hasSuccess;
    }
}
