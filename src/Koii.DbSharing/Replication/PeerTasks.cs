using System.Runtime.ExceptionServices;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Asks all peers of a round at once, so that one that does not answer delays nobody; how many are read at the same time is a matter of places (<see cref="PageReadAhead"/>).
/// Started tasks, and not Parallel.ForEachAsync, which leaves the thread that drives a run on virtual time.
/// </summary>
internal static class PeerTasks
{
    /// <summary>Asks every peer once.</summary>
    /// <param name="peers">The peers, in the order in which they are started.</param>
    /// <param name="ask">Asks one. What it throws is no peer's failure: it cancels the others and is thrown once everybody has stopped.</param>
    /// <param name="cancellationToken">Ends all of it.</param>
    /// <returns>The reports in the order of the peers.</returns>
    public static async Task<IReadOnlyList<PeerReport>> AskAllAsync(
        IReadOnlyList<NodeAddress> peers, Func<NodeAddress, CancellationToken, Task<PeerReport>> ask, CancellationToken cancellationToken)
    {
        using var round = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reports = new PeerReport[peers.Count];
        var asked = new List<Task>(peers.Count);
        ExceptionDispatchInfo? failure = null;

        while (asked.Count < peers.Count && !round.IsCancellationRequested)
            asked.Add(AskAsync(asked.Count));
        await Task.WhenAll(asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        failure?.Throw();
        cancellationToken.ThrowIfCancellationRequested();
        return reports;

        async Task AskAsync(int index)
        {
            try
            {
                reports[index] = await ask(peers[index], round.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (round.IsCancellationRequested)
            {
                // The caller's token or another peer's failure: either is thrown above, when everybody has stopped.
            }
            catch (Exception fault)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(fault), null);
                round.Cancel();
            }
        }
    }
}
