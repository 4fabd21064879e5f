using Koii.DbSharing.Peers;
using Koii.DbSharing.Replication.Ladder;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

/// <summary>A round: who is there, whom to ask, what came of it in sum. One at a time.</summary>
/// <param name="directory">Who there is.</param>
/// <param name="roundAware">Who wants to know that a round begins.</param>
/// <param name="select">Chooses whom to ask.</param>
/// <param name="ladder">Asks one of them.</param>
/// <param name="taskId">The task, for the log.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">Hears how rounds end.</param>
internal sealed partial class ReplicationRound(
    INodeDirectory directory,
    IRoundAware? roundAware,
    Func<IReadOnlyList<NodeAddress>, IReadOnlyList<NodeAddress>> select,
    PeerLadder ladder,
    string taskId,
    TimeProvider timeProvider,
    ILogger logger)
{
    private bool _hadNodeList = true;
    private bool _couldReadPeers = true;

    /// <summary>Runs it.</summary>
    /// <returns>What it did.</returns>
    public async Task<ReplicationReport> RunAsync(CancellationToken cancellationToken)
    {
        var startedAt = timeProvider.GetUtcNow();
        var started = timeProvider.GetTimestamp();
        var listing = await GetNodesAsync(cancellationToken).ConfigureAwait(false);
        var hasNodeList = listing.Status != NodeListingStatus.Unavailable || listing.Nodes.Count > 0;

        roundAware?.BeginRound();
        IReadOnlyList<NodeAddress> peers = hasNodeList ? select(listing.Nodes) : [];
        var reports = await PeerTasks.AskAllAsync(peers, ladder.AskAsync, cancellationToken).ConfigureAwait(false);
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
        NodeListing? listing;
        try
        {
            listing = await directory.GetNodesAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Log.DirectoryThrew(logger, taskId, fault);
            return new NodeListing([]) { Status = NodeListingStatus.Unavailable, Problems = [$"The INodeDirectory threw {fault.GetType().Name}; the log has it."] };
        }

        RoleContract.NotNull(RoleContract.NotNull(listing, "INodeDirectory.GetNodesAsync").Nodes, "INodeDirectory.GetNodesAsync → NodeListing.Nodes");
        return listing;
    }

    private void LogRound(ReplicationReport round)
    {
        var verdicts = round.Verdicts;
        if (round.Outcome == RoundOutcome.NoNodeList)
        {
            // Once is news; after that it is the same every round.
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
                    logger, level, taskId, round.Peers.Count, failed, verdicts.Total, verdicts.Inserted, verdicts.Replaced, verdicts.Rejected, round.Duration);
            }

            LogNobodyRead(round.Peers);
        }

        _hadNodeList = round.Outcome != RoundOutcome.NoNodeList;
    }

    // One peer that fails is nobody's concern; that all of them do is most likely this node's own network or settings. Once is news here too.
    private void LogNobodyRead(IReadOnlyList<PeerReport> peers)
    {
        if (peers.Count == 0)
            return; // Those that failed rest now; nothing new is known.

        var couldRead = peers.Any(peer => peer.Failure is null);
        if (!couldRead && _couldReadPeers)
            Log.NobodyRead(logger, taskId, peers.Count, peers[0].Peer, peers[0].Failure!.Kind, peers[0].Failure!.Detail);
        _couldReadPeers = couldRead;
    }
}
