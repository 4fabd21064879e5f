using Koii.DbSharing.Peers;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Runs rounds: gets the node list, selects peers, synchronizes from all of them concurrently, and sums up. One round at a time; pulls that are late run beside the next ones.
/// </summary>
/// <param name="directory">Lists the nodes.</param>
/// <param name="selector">Selects the peers.</param>
/// <param name="roundAware">Receives the start of each round.</param>
/// <param name="peers">The state of each peer.</param>
/// <param name="sync">Synchronizes from one peer.</param>
/// <param name="processor">Decides on records and stores them.</param>
/// <param name="storeScheduler">Runs the store stage; see <see cref="BatchPipeline"/>.</param>
/// <param name="options">The task, and the number of peers.</param>
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
    DbSharingOptions options,
    Random random,
    TimeProvider timeProvider,
    ILogger logger)
{
    /// <summary>The number of addresses from which on the median of their clocks counts.</summary>
    private const int MinClocks = 3;

    private static readonly TimeSpan MaxClockOffset = TimeSpan.FromMinutes(1);

    // Half of the places stay free for the peers of the next round, however slow the others are.
    private readonly int _maxLate = Math.Max(1, Math.Min(options.FanOut, options.MaxConcurrentPeers) / 2);
    private readonly string _taskId = options.TaskId;

    private RunningPulls? _pulls;
    private bool _hadNodeList = true;
    private bool _hadSuccess = true;
    private bool _wasNotFound;
    private bool _isClockOff;

    /// <summary>Runs one round.</summary>
    /// <param name="lateAfter">The time after which the round no longer waits for a pull. <see langword="null"/> to wait for all pulls, late ones of earlier rounds too.</param>
    /// <param name="leaseLost">Ends all pulls, between rounds too.</param>
    /// <param name="cancellationToken">Ends the round and all pulls.</param>
    public async Task<ReplicationReport> RunAsync(TimeSpan? lateAfter, CancellationToken leaseLost, CancellationToken cancellationToken)
    {
        try
        {
            return await RunPullsAsync(lateAfter, leaseLost, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await StopAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends the pulls that are late, and waits for them.</summary>
    public async Task StopAsync()
    {
        if (_pulls is not { } pulls)
            return;
        _pulls = null;
        await pulls.StopAsync().ConfigureAwait(false);
    }

    private async Task<ReplicationReport> RunPullsAsync(TimeSpan? lateAfter, CancellationToken leaseLost, CancellationToken cancellationToken)
    {
        var startedAt = timeProvider.GetUtcNow();
        var started = timeProvider.GetTimestamp();
        var pulls = _pulls ??= new RunningPulls(sync, processor, storeScheduler, timeProvider, leaseLost);
        pulls.ThrowIfFailed();
        var listing = await GetNodesAsync(cancellationToken).ConfigureAwait(false);
        var hasNodeList = listing.Status != NodeListingStatus.Unavailable || listing.Nodes.Count > 0;

        var late = pulls.Peers;
        var selected = hasNodeList ? Select([.. listing.Nodes.Except(late)]) : [];
        roundAware?.BeginRound(selected, late);
        pulls.Start(selected);
        var rest = lateAfter - timeProvider.GetElapsedTime(started);
        var reports = await pulls.WaitAsync(rest < TimeSpan.Zero ? TimeSpan.Zero : rest, _maxLate, cancellationToken).ConfigureAwait(false);
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
            LatePeers = pulls.Peers,
        };
        LogRound(round);
        return round;
    }

    private IReadOnlyList<NodeAddress> Select(IReadOnlyList<NodeAddress> nodes)
    {
        var selected = selector.Select(nodes, peers.GetState, random);
        return peers.FindProbe(nodes.Except(selected)) is { } probe ? [.. selected, probe] : selected;
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
            Log.DirectoryThrew(logger, _taskId, exception);
            return new NodeListing([]) { Status = NodeListingStatus.Unavailable, Problems = [$"The INodeDirectory threw {exception.GetType().Name}; see the log."] };
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
            Log.NoNodeList(logger, level, _taskId, problems);
        }
        else
        {
            var level = verdicts.Inserted + verdicts.Replaced > 0 ? LogLevel.Information : LogLevel.Debug;
            if (logger.IsEnabled(level))
            {
                var failed = round.Peers.Count(peer => peer.Failure is not null);
                Log.RoundCompleted(
                    logger, level, _taskId, round.Duration, round.Peers.Count, failed, verdicts.Total, verdicts.Inserted, verdicts.Replaced, verdicts.Full, verdicts.Rejected);
            }

            LogAllFailed(round.Peers);
            LogClock(round.Peers);
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
            Log.AllPeersFailed(logger, reports.Count, _taskId, reports[0].Peer, reports[0].Failure!);
        _hadSuccess = hasSuccess;

        var isNotFound = reports.All(report => report.Path == PeerPath.NotFound);
        if (isNotFound && !_wasNotFound)
            Log.TaskNotFound(logger, reports.Count, _taskId);
        _wasNotFound = isNotFound;
    }

    // The clocks of peers never decide about a record, but a wrong clock of this node is the most likely reason if all of them differ from it.
    private void LogClock(IReadOnlyList<PeerReport> reports)
    {
        TimeSpan[] offsets =
        [
            .. reports.Where(report => report.Source?.ClockOffset is not null)
                .GroupBy(report => report.Source!.Address ?? report.Peer.Host)
                .Select(address => address.First().Source!.ClockOffset!.Value)
                .Order(),
        ];
        if (offsets.Length < MinClocks)
            return;

        var median = offsets[offsets.Length / 2];
        var isOff = median.Duration() > MaxClockOffset;
        if (isOff && !_isClockOff)
            Log.ClockDiffers(logger, _taskId, median, offsets.Length);
        _isClockOff = isOff;
    }
}
