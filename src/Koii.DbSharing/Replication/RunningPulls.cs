using System.Runtime.ExceptionServices;

namespace Koii.DbSharing.Replication;

/// <summary>
/// The pulls that are running, of this round and late ones of earlier rounds. They share one <see cref="BatchPipeline"/>. A failure of the store ends all of them.
/// </summary>
/// <remarks>Not safe for use by several threads at once: rounds do not overlap.</remarks>
internal sealed class RunningPulls
{
    private readonly PeerSync _sync;
    private readonly BatchPipeline _batches;
    private readonly TimeProvider _timeProvider;
    private readonly CancellationTokenSource _ending;
    private readonly List<Pull> _pulls = [];
    private ExceptionDispatchInfo? _failure;

    /// <summary>Creates a set without pulls.</summary>
    /// <param name="sync">Synchronizes from one peer.</param>
    /// <param name="processor">Decides on records and stores them.</param>
    /// <param name="storeScheduler">Runs the store stage; see <see cref="BatchPipeline"/>.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="cancellationToken">Ends all pulls, between rounds too.</param>
    public RunningPulls(PeerSync sync, RecordProcessor processor, TaskScheduler? storeScheduler, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        _sync = sync;
        _timeProvider = timeProvider;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _batches = new BatchPipeline(processor, storeScheduler, _ending.Token);
    }

    /// <summary>The peers of the pulls that have not ended, in the order in which they started.</summary>
    public IReadOnlyList<NodeAddress> Peers => [.. _pulls.Where(pull => !pull.Running.IsCompleted).Select(pull => pull.Peer)];

    /// <summary>Throws the failure that ended the pulls, if any.</summary>
    public void ThrowIfFailed() => _failure?.Throw();

    /// <summary>
    /// Starts all pulls at once, so that a peer that does not answer delays no other. Parallel.ForEachAsync continues on a thread of the pool, which makes tests on a fake clock
    /// nondeterministic.
    /// </summary>
    public void Start(IEnumerable<NodeAddress> peers)
    {
        foreach (var peer in peers.TakeWhile(_ => !_ending.IsCancellationRequested))
        {
            var overdue = new CancellationTokenSource();
            _pulls.Add(new Pull(peer, RunAsync(peer, overdue.Token), overdue));
        }
    }

    /// <summary>Waits for the pulls, up to a time after which those that still run are late.</summary>
    /// <param name="lateAfter">The time, or <see langword="null"/> to wait for all pulls.</param>
    /// <param name="maxLate">The maximum number of late pulls. Of more, those that have run longest are ended.</param>
    /// <param name="cancellationToken">Ends all pulls. The call then throws when they have ended.</param>
    /// <returns>The reports of the pulls that have ended, in the order in which they started.</returns>
    /// <exception cref="LinktreeStoreException">The store failed. All pulls have ended.</exception>
    public async Task<IReadOnlyList<PeerReport>> WaitAsync(TimeSpan? lateAfter, int maxLate, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _ending);
        var all = Task.WhenAll(_pulls.Select(pull => pull.Running));
        if (lateAfter is { } time && !all.IsCompleted)
        {
            using var isOver = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
            await Task.WhenAny(all, Task.Delay(time, _timeProvider, isOver.Token)).ConfigureAwait(false);
            isOver.Cancel();
            await EndAllButAsync(maxLate).ConfigureAwait(false);
        }

        if (lateAfter is null || _ending.IsCancellationRequested)
            await all.ConfigureAwait(false);
        ThrowIfFailed();
        cancellationToken.ThrowIfCancellationRequested();
        _ending.Token.ThrowIfCancellationRequested();
        return TakeReports();
    }

    /// <summary>Ends all pulls and waits for them.</summary>
    public async Task StopAsync()
    {
        _ending.Cancel();
        await Task.WhenAll(_pulls.Select(pull => pull.Running)).ConfigureAwait(false);
        _pulls.ForEach(pull => pull.Overdue.Dispose());
        _pulls.Clear();
        _ending.Dispose();
    }

    private async Task EndAllButAsync(int maxLate)
    {
        var late = _pulls.Where(pull => !pull.Running.IsCompleted).ToArray();
        foreach (var pull in late.Take(late.Length - maxLate))
        {
            pull.Overdue.Cancel();
            await pull.Running.ConfigureAwait(false);
        }
    }

    private List<PeerReport> TakeReports()
    {
        var ended = _pulls.Where(pull => pull.Running.IsCompleted).ToArray();
        _pulls.RemoveAll(pull => ended.Contains(pull));
        var reports = new List<PeerReport>(ended.Length);
        foreach (var pull in ended)
        {
            pull.Overdue.Dispose();
            if (pull.Running.Result is { } report)
                reports.Add(report);
        }

        return reports;
    }

    /// <returns>The report, or <see langword="null"/> if the pull was canceled or has failed, which is then thrown by the round.</returns>
    private async Task<PeerReport?> RunAsync(NodeAddress peer, CancellationToken overdue)
    {
        try
        {
            return await _sync.RunAsync(peer, _batches, overdue, _ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
            _ending.Cancel();
            return null;
        }
    }

    /// <summary>One pull.</summary>
    /// <param name="Peer">The peer.</param>
    /// <param name="Running">The pull. It does not throw.</param>
    /// <param name="Overdue">Ends the pull as one that ran out of time.</param>
    private sealed record Pull(NodeAddress Peer, Task<PeerReport?> Running, CancellationTokenSource Overdue);
}
