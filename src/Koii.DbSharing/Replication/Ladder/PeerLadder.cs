using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication.Ladder;

/// <summary>
/// The ladder of protocol §4.3: in sync costs one small answer, a few changes cost a few kilobytes, and only a first meeting reads the list. Every surprise on a rung
/// leads to the next one, and all of them together have the time of one pull.
/// </summary>
/// <param name="begin">Begins the round with a peer.</param>
/// <param name="summary">The highest rung, where there is a role for the extension.</param>
/// <param name="reconcile">The one below it.</param>
/// <param name="list">The lowest.</param>
/// <param name="memory">Learns from every round.</param>
/// <param name="logger">Hears of peers that fail.</param>
internal sealed class PeerLadder(
    Func<NodeAddress, CancellationToken, PeerRound> begin,
    SummaryRung? summary,
    ReconcileRung? reconcile,
    PlainListRung list,
    PeerMemory memory,
    ILogger logger)
{
    private static readonly PeerFailure OutOfTime = new(PeerFailureKind.TimedOut) { Detail = "The pull as a whole took too long." };

    /// <summary>Goes down the ladder with one peer.</summary>
    public async Task<PeerReport> AskAsync(NodeAddress peer, CancellationToken cancellationToken)
    {
        using var round = begin(peer, cancellationToken);
        try
        {
            await GoDownAsync(round, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (round.IsOutOfTime)
        {
            round.Failure = OutOfTime;
        }

        var report = round.ToReport();
        memory.Lists.Remember(report, round.EntityTag, round.EarliestDue);
        memory.Rests.Remember(report);
        if (report.Failure is { } failure)
            PeerRound.Log.PeerFailed(logger, peer, failure.Kind, failure.StatusCode, failure.Detail);
        return report;
    }

    private async ValueTask GoDownAsync(PeerRound round, CancellationToken cancellationToken)
    {
        if (summary is not null && reconcile is not null)
        {
            var (next, ours) = await summary.AskAsync(round, cancellationToken).ConfigureAwait(false);
            if (next is NextRung.None || (next is NextRung.Reconcile && await reconcile.TryAsync(round, ours!).ConfigureAwait(false)))
                return;
        }

        await list.ReadAsync(round).ConfigureAwait(false);
    }
}
