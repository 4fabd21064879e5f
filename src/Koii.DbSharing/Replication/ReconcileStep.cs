using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Finds by range-based set reconciliation which records the peer holds and this node does not, and fetches them (protocol §4.3 b, §5). The first answer that a correct
/// peer would not give ends the step; the peer then counts as one without the extension for ten minutes.
/// </summary>
internal sealed class ReconcileStep(
    IPeerReconciler reconciler, LinktreeIndex index, RecordProcessor processor, RejectionCache rejections, FetchReservations reservations)
{
    /// <summary>The maximum number of round trips of one pull.</summary>
    public const int MaxRoundTrips = 64;

    /// <summary>The maximum number of ids that are held at a time, for each peer of a round.</summary>
    public const int MaxNeeded = 8_192;

    // A further conversation takes a few round trips. With fewer than this it is left to the next round, so that a node with many missing records does not use them up.
    private const int TripsForMore = MaxRoundTrips / 2;

    private static readonly PeerFailure NoMessage = Violation("The answer is not a reconciliation message.");
    private static readonly PeerFailure NotRequested = Violation("A record arrived that was not requested.");
    private static readonly PeerFailure NotDelivered = Violation("More than half of the records that the peer lists did not arrive.");
    private static readonly PeerFailure BadSignature = Violation("A record arrived with a bad signature.");

    /// <summary>Reconciles with the peer of a pull.</summary>
    /// <param name="pull">The pull.</param>
    /// <param name="ours">The set held here.</param>
    /// <param name="since">The timestamp from which on the sets are compared. 0 to compare them as a whole.</param>
    /// <param name="cancellationToken">Ends the step with <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// <see cref="PeerPath.Reconciled"/>, with the failure of processing that ended the pull, if any; or <see cref="PeerPath.None"/> with the peer's failure, after which the
    /// full list is read.
    /// </returns>
    public async ValueTask<StepResult> RunAsync(PeerPull pull, ItemSet ours, long since, CancellationToken cancellationToken)
    {
        var last = new FetchProgress(requested: 0);
        for (var need = new MissingIds([], MaxRoundTrips, Compared: 0, Failure: null); ;)
        {
            need = await FindMissingIdsAsync(pull, ours, since, last.Undelivered, need).ConfigureAwait(false);
            if (need.Failure is not null)
                return FallBack(pull, need.Failure);

            // Records that were replaced at the peer since it listed them cannot be delivered. The peer shows it by not listing them again.
            last.Undelivered.IntersectWith(need.Ids);
            if (last.IsMostUndelivered)
                return FallBack(pull, NotDelivered);

            LinktreeId[] ids = [.. need.Ids.Where(id => rejections.IsWorthFetching(pull.Peer, id))];
            last = new FetchProgress(ids.Length);
            await FetchAsync(pull, ids, last).ConfigureAwait(false);
            if (last.PeerFailure is not null)
                return FallBack(pull, last.PeerFailure);
            if (last.ProcessingFailure is not null)
                return Reconciled(isExpensive: need.TripsLeft == 0) with { Failure = last.ProcessingFailure };
            foreach (var id in last.Undelivered)
                rejections.AddUndelivered(pull.Peer, id);

            // A peer whose set never settles could take all round trips in every round. And where most of what a peer has is not stored, because the policy rejects it or the store has
            // no space, it would be fetched in every round before any other record.
            var isExpensive = need.TripsLeft == 0 || (need.IsFull && last.IsMostNotStored);
            var shouldContinue = last.IsMostUndelivered || (need.IsFull && need.TripsLeft >= TripsForMore);
            if (isExpensive || !shouldContinue || rejections.IsExhausted(pull.Peer))
                return Reconciled(isExpensive) with { IsWhole = since == 0 && !isExpensive && !need.IsFull && !last.IsMostUndelivered };
            ours = await index.GetItemsAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static PeerFailure Violation(string detail) => new(PeerFailureKind.ProtocolViolation) { Detail = detail };

    // A pull that ran out of time says nothing about the extension, which the summary has shown.
    private static StepResult FallBack(PeerPull pull, PeerFailure failure) => new(PeerPath.None, failure) { HasExtension = pull.IsOutOfTime };

    private static StepResult Reconciled(bool isExpensive) => new(PeerPath.Reconciled) { HasExtension = !isExpensive };

    private async ValueTask<MissingIds> FindMissingIdsAsync(PeerPull pull, ItemSet ours, long since, HashSet<LinktreeId> undelivered, MissingIds before)
    {
        var need = new HashSet<LinktreeId>();
        var listed = new HashSet<LinktreeId>();
        var initiator = new Initiator(ours, listed) { Compared = before.Compared };
        var message = initiator.Start(since);
        for (var tripsLeft = before.TripsLeft - 1; tripsLeft >= 0; tripsLeft--)
        {
            var sent = message;
            var answer = await pull.AskAsync(token => reconciler.ReconcileAsync(pull.Peer, sent, token)).ConfigureAwait(false);
            if (answer.Failure is not null)
                return new MissingIds([], tripsLeft, initiator.Compared, answer.Failure);
            if (!initiator.TryTake(answer.Value.Span, out var next))
                return new MissingIds([], tripsLeft, initiator.Compared, NoMessage);

            // Records that cannot change anything must not displace those that can. Undelivered ones are kept, to show whether they are still listed. Each id is
            // looked up once, when it is listed, and not again after every answer.
            need.UnionWith(listed.Where(id => undelivered.Contains(id) || rejections.IsWorthFetching(pull.Peer, id)));
            listed.Clear();
            listed.TrimExcess();
            if (next is null || next.AsSpan().SequenceEqual(message) || need.Count >= MaxNeeded)
                return new MissingIds([.. need.Take(MaxNeeded)], tripsLeft, initiator.Compared, null);
            message = next;
        }

        return new MissingIds([.. need], TripsLeft: 0, initiator.Compared, Failure: null);
    }

    private async ValueTask FetchAsync(PeerPull pull, LinktreeId[] ids, FetchProgress progress)
    {
        for (var open = new HashSet<LinktreeId>(ids); !progress.HasFailed && !progress.IsMostUndelivered;)
        {
            var reservation = reservations.Reserve(open, ProtocolExtension.MaxFetchedIds);
            if (reservation.Ids.Count > 0)
                await FetchReservedAsync(pull, reservation, progress).ConfigureAwait(false);
            else if (open.Count == 0)
                return;
            else
                progress.PeerFailure = await pull.WaitAsync(token => reservations.WaitAsync(reservation, token)).ConfigureAwait(false);
        }
    }

    private async ValueTask FetchReservedAsync(PeerPull pull, FetchReservations.Reservation reservation, FetchProgress progress)
    {
        var missing = new HashSet<LinktreeId>(reservation.Ids);
        try
        {
            for (var before = missing.Count + 1; missing.Count > 0 && missing.Count < before && !progress.HasFailed;)
            {
                // An answer ends after 4 MiB. As long as records arrive, the remaining ones are requested again.
                before = missing.Count;
                await FetchOnceAsync(pull, missing, progress).ConfigureAwait(false);
            }
        }
        finally
        {
            // After a failure it is not known which records were stored.
            reservations.Release(reservation, progress.HasFailed ? reservation.Ids : missing);
        }

        if (!progress.HasFailed)
            progress.Undelivered.UnionWith(missing);
    }

    private async ValueTask FetchOnceAsync(PeerPull pull, HashSet<LinktreeId> missing, FetchProgress progress)
    {
        LinktreeId[] requested = [.. missing];
        var pages = pull.ProcessAsync(
            nameof(IPeerReconciler), token => CheckRequestedAsync(reconciler.FetchAsync(pull.Peer, requested, token), missing), endsAtBadSignature: true);
        await foreach (var (page, verdicts, failure) in pages.ConfigureAwait(false))
        {
            progress.ProcessingFailure = failure;
            if (failure is not null)
                return;
            for (var i = 0; i < verdicts.Count; i++)
                rejections.AddFetched(pull.Peer, page.Linktrees[i], verdicts[i], processor.GetDueTime(page.Linktrees[i]));
            progress.NotStored += verdicts.Count(verdict => verdict.Reason is RejectionReason.Policy || verdict.Kind is VerdictKind.Full);
            progress.PeerFailure = verdicts.Any(verdict => verdict.Reason is RejectionReason.BadSignature) ? BadSignature : page.Failure;
            if (progress.HasFailed)
                return;
        }
    }

    /// <summary>Removes what arrives from the missing ids, and ends with a failure in place of a page that contains anything else.</summary>
    private static async IAsyncEnumerable<PeerPage> CheckRequestedAsync(IAsyncEnumerable<PeerPage> pages, HashSet<LinktreeId> missing)
    {
        await foreach (var page in pages.ConfigureAwait(false))
        {
            if (page.Malformed.Count > 0 || !page.Linktrees.All(record => missing.Remove(record.Id)))
            {
                yield return new PeerPage([]) { BytesReceived = page.BytesReceived, Failure = NotRequested };
                yield break;
            }

            yield return page;
        }
    }

    /// <summary>The result of fetching the requested ids, as far as it has come.</summary>
    private sealed class FetchProgress(int requested)
    {
        /// <summary>The ids that did not arrive. Once they are most of all, nothing more is requested.</summary>
        public HashSet<LinktreeId> Undelivered { get; } = [];

        /// <summary>The number of records that the policy rejected, or for which the store has no space.</summary>
        public int NotStored { get; set; }

        public PeerFailure? PeerFailure { get; set; }

        public PeerFailure? ProcessingFailure { get; set; }

        public bool HasFailed => PeerFailure is not null || ProcessingFailure is not null;

        public bool IsMostUndelivered => 2 * Undelivered.Count > requested;

        public bool IsMostNotStored => 2 * NotStored > requested;
    }

    /// <summary>The ids that a conversation found, and the cost of it and of those before it in the same pull.</summary>
    private readonly record struct MissingIds(LinktreeId[] Ids, int TripsLeft, long Compared, PeerFailure? Failure)
    {
        /// <summary>Whether there may be more ids than are held at a time.</summary>
        public bool IsFull => Ids.Length == MaxNeeded;
    }
}
