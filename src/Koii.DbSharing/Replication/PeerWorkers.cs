using System.Runtime.ExceptionServices;
using Koii.DbSharing.Nodes;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Asks the peers of a round, a few at a time: started tasks over a queue, and not Parallel.ForEachAsync, which leaves the thread that drives a run on
/// virtual time. A peer that takes long holds one worker; the others go on to the next in the queue.
/// </summary>
internal static class PeerWorkers
{
    /// <summary>Asks every peer once.</summary>
    /// <param name="peers">The peers, in the order in which they are started.</param>
    /// <param name="atOnce">How many are asked at the same time.</param>
    /// <param name="ask">Asks one. What it throws is no peer's failure: it cancels the others and is thrown once everybody has stopped.</param>
    /// <param name="cancellationToken">Ends all of it.</param>
    /// <returns>The reports in the order of the peers.</returns>
    public static async Task<IReadOnlyList<PeerReport>> AskAllAsync(
        IReadOnlyList<NodeAddress> peers, int atOnce, Func<NodeAddress, CancellationToken, Task<PeerReport>> ask, CancellationToken cancellationToken)
    {
        using var round = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reports = new PeerReport[peers.Count];
        var last = -1;
        ExceptionDispatchInfo? failure = null;

        var workers = new Task[Math.Min(atOnce, peers.Count)];
        for (var i = 0; i < workers.Length; i++)
            workers[i] = WorkAsync();
        await Task.WhenAll(workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        failure?.Throw();
        cancellationToken.ThrowIfCancellationRequested();
        return reports;

        async Task WorkAsync()
        {
            try
            {
                for (var next = Interlocked.Increment(ref last); next < peers.Count; next = Interlocked.Increment(ref last))
                {
                    round.Token.ThrowIfCancellationRequested();
                    reports[next] = await ask(peers[next], round.Token).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (round.IsCancellationRequested)
            {
                // The caller's token or another worker's failure: either is thrown above, when everybody has stopped.
            }
            catch (Exception fault)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(fault), null);
                round.Cancel();
            }
        }
    }
}
