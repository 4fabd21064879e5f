using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication.Ladder;

/// <summary>The highest rung: is there anything to be had from the peer at all, and is it worth to look for it (protocol §4.3 a, and the conditions of b)?</summary>
internal sealed partial class SummaryRung(IPeerReconciler reconciler, LinktreeIndex index, PeerMemory memory, DbSharingOptions options, ILogger logger)
{
    private readonly int _linktreesPerAuthor = options.LinktreesPerAuthor;
    private readonly TimeSpan _timeout = options.PeerLimits.PeerTimeout;

    /// <summary>Asks for the peer's summary, where it has one, and compares.</summary>
    /// <returns>Where to go on, and what is held here at this moment where it is to be reconciled.</returns>
    public async ValueTask<(NextRung Next, ItemSet? Ours)> AskAsync(PeerRound round, CancellationToken cancellationToken)
    {
        var peer = round.Peer;
        if (memory.Ladder.HasExtension(peer) is false)
            return (NextRung.PlainList, null);

        // One call's limits are the client's; together they have no more time than one pull.
        round.LimitTime(_timeout);
        var answer = await round.AskAsync("IPeerReconciler.GetSummaryAsync", token => reconciler.GetSummaryAsync(peer, token)).ConfigureAwait(false);
        if (answer.Failure is { } failure)
            return (AfterFailure(round, failure), null);

        memory.Ladder.RememberExtension(peer, has: true);
        var ours = await index.GetItemsAsync(cancellationToken).ConfigureAwait(false);
        var theirs = answer.Value!;
        if (theirs.Set == ours.Summary)
        {
            round.Path = PeerPath.InSync;
            return (NextRung.None, null);
        }

        var next = RungFor(round, theirs, ours);
        return (next, next is NextRung.Reconcile ? ours : null);
    }

    private NextRung RungFor(PeerRound round, PeerSummary theirs, ItemSet ours)
    {
        var hasReadList = memory.Ladder.HasReadList(round.Peer);
        if (theirs.LinktreesPerAuthor != _linktreesPerAuthor)
        {
            // The two differ for ever, and would look for the same differences in every round.
            if (hasReadList)
                return NextRung.None;
            Log.PerAuthorDiffers(logger, round.Peer, theirs.LinktreesPerAuthor, _linktreesPerAuthor);
            return NextRung.PlainList;
        }

        // Whoever has so much more is read as a whole: compressed, in order, and without asking for each.
        var isFirstMeeting = !hasReadList && theirs.Set.Count > 2 * ours.Count;
        return isFirstMeeting || !theirs.CanReconcile || memory.Refusals.IsExhausted(round.Peer) ? NextRung.PlainList : NextRung.Reconcile;
    }

    private NextRung AfterFailure(PeerRound round, PeerFailure failure)
    {
        // Nobody is there, or asks to be left alone: no other rung changes that.
        if (failure.Kind is PeerFailureKind.Unreachable or PeerFailureKind.AddressRefused or PeerFailureKind.TooManyPeersAtAddress || failure.RetryAfter is not null)
        {
            round.Failure = failure;
            return NextRung.None;
        }

        // A hiccup of a peer that has the extension is no reason to read lists for ten minutes.
        if (failure.Kind is PeerFailureKind.NotSupported || memory.Ladder.HasExtension(round.Peer) is null)
            memory.Ladder.RememberExtension(round.Peer, has: false);
        // Most peers have none, which is nothing to tell.
        if (failure.Kind is not PeerFailureKind.NotSupported)
            Log.NoSummary(logger, round.Peer, failure.Kind, failure.StatusCode, failure.Detail);
        return NextRung.PlainList;
    }
}
