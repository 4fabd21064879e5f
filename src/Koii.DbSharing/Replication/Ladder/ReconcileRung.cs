using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication.Ladder;

/// <summary>
/// The rung between: finds out by reconciliation what the peer has and this node has not, and fetches it (protocol §4.3 b, §5). Whatever a good peer would not do ends it, has
/// the peer's list read instead, and is not tried again with this peer for ten minutes.
/// </summary>
internal sealed partial class ReconcileRung(IPeerReconciler reconciler, LinktreeIndex index, PeerMemory memory, Admission admission, ILogger logger)
{
    /// <summary>After so many round trips in a round, what was learned is used, and for ten minutes the peer's list is read instead.</summary>
    public const int MaxRoundTrips = 64;

    /// <summary>The most ids that are held at a time. A peer may keep this node waiting with so many, and so may, at once, all that are asked in a round.</summary>
    public const int MaxNeeded = 8_192;

    // A conversation about what is left takes a few round trips. With fewer than this it is left to the next round, so that a node that has much to catch up on
    // does not run out of them.
    private const int TripsForMore = MaxRoundTrips / 2;

    private static readonly PeerFailure NoMessage = Violation("The answer is no reconciliation message.");
    private static readonly PeerFailure NotAsked = Violation("A record came that was not asked for.");
    private static readonly PeerFailure NotDelivered = Violation("More than half of the records that it says it has did not come.");
    private static readonly PeerFailure BadSignature = Violation("A record came with a bad signature.");

    /// <summary>Reconciles.</summary>
    /// <param name="round">The round with the peer.</param>
    /// <param name="ours">What is held here.</param>
    /// <returns>Whether the round is done; else it goes on with the list.</returns>
    public async ValueTask<bool> TryAsync(PeerRound round, ItemSet ours)
    {
        var (isDear, surprise) = await ReconcileAsync(round, ours).ConfigureAwait(false);
        if (isDear || surprise is not null)
            memory.Ladder.RememberExtension(round.Peer, has: false);
        if (surprise is not null)
        {
            Log.Fell(logger, round.Peer, surprise.Kind, surprise.StatusCode, surprise.Detail);
            return false;
        }

        round.Path = PeerPath.Reconciled;
        return true;
    }

    private static PeerFailure Violation(string detail) => new(PeerFailureKind.ProtocolViolation) { Detail = detail };

    /// <returns>Whether it costs more than the peer's list would; and what a good peer would not have done, or <see langword="null"/>.</returns>
    private async ValueTask<(bool IsDear, PeerFailure? Surprise)> ReconcileAsync(PeerRound round, ItemSet ours)
    {
        var last = new Delivery(asked: 0);
        for (var need = new Need([], MaxRoundTrips, Compared: 0, Surprise: null); ;)
        {
            need = await ConverseAsync(round, ours, last.Undelivered, need).ConfigureAwait(false);
            if (need.Surprise is not null)
                return (false, need.Surprise);

            // What was replaced at the peer since it was listed could not be delivered. The peer tells by itself whether it was that: it does not list it any more.
            last.Undelivered.IntersectWith(need.Ids);
            if (last.IsMostUndelivered)
                return (false, NotDelivered);

            LinktreeId[] ids = [.. need.Ids.Where(id => memory.Refusals.IsWorthFetching(round.Peer, id))];
            last = new Delivery(ids.Length);
            var surprise = await FetchAsync(round, ids, last).ConfigureAwait(false);
            if (surprise is not null || round.Failure is not null)
                return (need.TripsLeft == 0, surprise);
            foreach (var id in last.Undelivered)
                memory.Refusals.RememberUndelivered(round.Peer, id);

            // A peer that never settles could have so long a conversation in every round. And what the policy refuses is not remembered: where it is so much, it would be
            // fetched in every round and stand before what is not refused.
            var isDear = need.TripsLeft == 0 || (need.IsFull && last.IsMostRefusedByPolicy);
            var isWorthMore = last.IsMostUndelivered || (need.IsFull && need.TripsLeft >= TripsForMore);
            if (isDear || !isWorthMore || memory.Refusals.IsExhausted(round.Peer))
                return (isDear, null);
            ours = await index.GetItemsAsync(round.Token).ConfigureAwait(false);
        }
    }

    private async ValueTask<Need> ConverseAsync(PeerRound round, ItemSet ours, HashSet<LinktreeId> undelivered, Need before)
    {
        var need = new HashSet<LinktreeId>();
        var listed = new HashSet<LinktreeId>();
        var initiator = new Initiator(ours, listed) { Compared = before.Compared };
        var message = initiator.Start();
        for (var tripsLeft = before.TripsLeft - 1; tripsLeft >= 0; tripsLeft--)
        {
            var sent = message;
            var answer = await round.AskAsync("IPeerReconciler.ReconcileAsync", token => reconciler.ReconcileAsync(round.Peer, sent, token)).ConfigureAwait(false);
            if (answer.Failure is not null)
                return new Need([], tripsLeft, initiator.Compared, answer.Failure);
            if (!initiator.TryTake(answer.Value.Span, out var next))
                return new Need([], tripsLeft, initiator.Compared, NoMessage);

            // What cannot change anything must not take the place of what can. What did not come stays, to show that it is listed still. Each is looked at when it is listed,
            // and not again with every answer after that.
            need.UnionWith(listed.Where(id => undelivered.Contains(id) || memory.Refusals.IsWorthFetching(round.Peer, id)));
            listed.Clear();
            listed.TrimExcess();
            if (next is null || next.AsSpan().SequenceEqual(message) || need.Count >= MaxNeeded)
                return new Need([.. need.Take(MaxNeeded)], tripsLeft, initiator.Compared, null);
            message = next;
        }

        return new Need([.. need], TripsLeft: 0, initiator.Compared, Surprise: null);
    }

    private async ValueTask<PeerFailure?> FetchAsync(PeerRound round, LinktreeId[] ids, Delivery delivery)
    {
        foreach (var part in ids.Chunk(ProtocolExtension.MaxFetchedIds).TakeWhile(_ => !delivery.IsMostUndelivered))
        {
            var missing = new HashSet<LinktreeId>(part);
            for (var before = missing.Count + 1; missing.Count > 0 && missing.Count < before;)
            {
                // An answer ends after 4 MiB. As long as something comes, the rest is asked for again.
                before = missing.Count;
                if (await FetchOnceAsync(round, missing, delivery).ConfigureAwait(false) is { } surprise)
                    return surprise;
                if (round.Failure is not null)
                    return null;
            }

            delivery.Undelivered.UnionWith(missing);
        }

        return null;
    }

    private async ValueTask<PeerFailure?> FetchOnceAsync(PeerRound round, HashSet<LinktreeId> missing, Delivery delivery)
    {
        LinktreeId[] asked = [.. missing];
        var pages = round.Read("IPeerReconciler.FetchAsync", token => reconciler.FetchAsync(round.Peer, asked, token));
        await using var _ = pages.ConfigureAwait(false);
        while (await round.NextAsync(pages, nameof(IPeerReconciler)).ConfigureAwait(false) is { } page)
        {
            if (page.Malformed.Count > 0 || !page.Linktrees.All(linktree => missing.Remove(linktree.Id)))
                return NotAsked;
            var verdicts = await round.TakeAsync(page).ConfigureAwait(false);
            if (round.Failure is not null)
                return null;
            for (var i = 0; i < verdicts.Count; i++)
                memory.Refusals.RememberFetched(round.Peer, page.Linktrees[i], verdicts[i], admission.DueAt(page.Linktrees[i]));
            delivery.RefusedByPolicy += verdicts.Count(verdict => verdict.Reason is RejectionReason.Policy);
            if (verdicts.Any(verdict => verdict.Reason is RejectionReason.BadSignature))
                return BadSignature;
            if (page.Failure is not null)
                return page.Failure;
        }

        // What the client threw is a surprise like any other.
        var thrown = round.Failure;
        round.Failure = null;
        return thrown;
    }

    /// <summary>What became of the ids that were asked for.</summary>
    private sealed class Delivery(int asked)
    {
        /// <summary>What did not come. Once that is most of all, no more is asked for.</summary>
        public HashSet<LinktreeId> Undelivered { get; } = [];

        public int RefusedByPolicy { get; set; }

        public bool IsMostUndelivered => 2 * Undelivered.Count > asked;

        public bool IsMostRefusedByPolicy => 2 * RefusedByPolicy > asked;
    }

    /// <summary>What a conversation came to, and what it and those before it in the round have cost.</summary>
    private readonly record struct Need(LinktreeId[] Ids, int TripsLeft, long Compared, PeerFailure? Surprise)
    {
        /// <summary>Whether there may be more than is held at a time.</summary>
        public bool IsFull => Ids.Length == MaxNeeded;
    }
}
