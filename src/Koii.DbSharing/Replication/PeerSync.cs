using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Synchronizes this node from one peer (protocol §4.3): compares summaries, reconciles what differs, and falls back to the full list. All steps together have the
/// time of one pull. Safe for use by many threads, once at a time for each peer.
/// </summary>
/// <param name="client">Reads full lists.</param>
/// <param name="reconciler">Asks for summaries, or <see langword="null"/> if only full lists are read.</param>
/// <param name="index">Summarizes the store. Required with <paramref name="reconciler"/>.</param>
/// <param name="processor">Computes when a record becomes due.</param>
/// <param name="rejections">The rejection cache.</param>
/// <param name="reservations">Distributes the records that several peers offer.</param>
/// <param name="peers">What earlier rounds recorded.</param>
/// <param name="options">The settings of the task.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class PeerSync(
    IPeerClient client,
    IPeerReconciler? reconciler,
    LinktreeIndex? index,
    RecordProcessor processor,
    RejectionCache rejections,
    FetchReservations reservations,
    PeerTable peers,
    DbSharingOptions options,
    TimeProvider timeProvider,
    ILogger logger)
{
    private readonly AsyncSemaphore _permits = new(options.MaxConcurrentPeers);
    private readonly PeerLimits _limits = options.PeerLimits;
    private readonly int _linktreesPerAuthor = options.LinktreesPerAuthor;

    private readonly ReconcileStep? _reconcile =
        reconciler is not null && index is not null ? new ReconcileStep(reconciler, index, processor, rejections, reservations) : null;

    private readonly FirstListPermit _firstList = new(timeProvider);

    private enum NextStep
    {
        None,
        Reconcile,
        ReconcileRecent,
        FullList,
        FirstList,
    }

    /// <summary>Synchronizes from a peer and records the result.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="batches">Processes the batches of the round.</param>
    /// <param name="overdue">Ends the pull as one that ran out of time.</param>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>.</param>
    public async Task<PeerReport> RunAsync(NodeAddress peer, BatchPipeline batches, CancellationToken overdue, CancellationToken cancellationToken)
    {
        using var pull = new PeerPull(peer, batches, _permits, _limits, timeProvider, logger, overdue, cancellationToken);
        var result = await TakeStepsAsync(pull, cancellationToken).ConfigureAwait(false);

        var report = pull.ToReport(result);
        peers.Record(report, result with { IsOverdue = pull.IsOverdue }, pull.Totals.EarliestDue);
        if (report.Failure is { } failure)
            Log.PeerFailed(logger, peer, failure);
        return report;
    }

    private async ValueTask<StepResult> TakeStepsAsync(PeerPull pull, CancellationToken cancellationToken)
    {
        // A peer whose reconciliation was expensive counts as one without the extension. If the store is full, its list would be read in every round.
        if (_reconcile is null || (peers.GetExtension(pull.Peer) is false && peers.GetFullSince(pull.Peer) is null))
            return await ReadListAsync(pull).ConfigureAwait(false);

        var answer = await pull.AskAsync(token => reconciler!.GetSummaryAsync(pull.Peer, token)).ConfigureAwait(false);
        if (answer.Failure is { } noSummary)
            return await AfterSummaryFailureAsync(pull, noSummary).ConfigureAwait(false);

        var theirs = answer.Value!;
        var (next, ours) = await CompareAsync(pull.Peer, theirs, cancellationToken).ConfigureAwait(false);
        if (next == NextStep.FirstList)
        {
            var mayRead = false;
            var failure = await pull.WaitAsync(async token => mayRead = await _firstList.TryAcquireAsync(token).ConfigureAwait(false)).ConfigureAwait(false);
            if (!mayRead)
                return new StepResult(PeerPath.None, failure) { HasExtension = true };
            try
            {
                // Another pull may have brought most of the records meanwhile.
                (next, ours) = await CompareAsync(pull.Peer, theirs, cancellationToken).ConfigureAwait(false);
                if (next == NextStep.FirstList)
                    return await ReadListAsync(pull).ConfigureAwait(false) with { HasExtension = true };
            }
            finally
            {
                _firstList.Release();
            }
        }

        return next switch
        {
            NextStep.ReconcileRecent => await ReconcileAsync(pull, ours, RecentSince(pull.Peer), cancellationToken).ConfigureAwait(false),
            NextStep.Reconcile => await ReconcileAsync(pull, ours, since: 0, cancellationToken).ConfigureAwait(false),
            NextStep.FullList => await ReadListAsync(pull).ConfigureAwait(false) with { HasExtension = true },
            _ when theirs.Set == ours.Summary => new StepResult(PeerPath.InSync) { HasExtension = true, IsWhole = true },
            _ => new StepResult(PeerPath.None) { HasExtension = true },
        };
    }

    private long RecentSince(NodeAddress peer) => Math.Max(0, (peers.GetFullSince(peer) ?? 0) - (options.MaxClockSkew.Ticks / TimeSpan.TicksPerMillisecond));

    private async ValueTask<StepResult> ReconcileAsync(PeerPull pull, ItemSet ours, long since, CancellationToken cancellationToken)
    {
        var result = await _reconcile!.RunAsync(pull, ours, since, cancellationToken).ConfigureAwait(false);
        if (result is not { Path: PeerPath.None, Failure: { } failure } || EndsPull(pull, failure))
            return result;

        Log.ReconciliationFailed(logger, pull.Peer, failure);
        return await ReadListAsync(pull).ConfigureAwait(false) with { HasExtension = result.HasExtension };
    }

    /// <returns>The next step, and the set held here.</returns>
    private async ValueTask<(NextStep Next, ItemSet Ours)> CompareAsync(NodeAddress peer, PeerSummary theirs, CancellationToken cancellationToken)
    {
        var ours = await index!.GetItemsAsync(cancellationToken).ConfigureAwait(false);
        return (theirs.Set == ours.Summary ? NextStep.None : GetNextStep(peer, theirs, ours), ours);
    }

    private NextStep GetNextStep(NodeAddress peer, PeerSummary theirs, ItemSet ours)
    {
        var hasRecentList = peers.HasRecentList(peer);
        if (theirs.LinktreesPerAuthor != _linktreesPerAuthor)
        {
            // The two sets always differ, so reconciliation would find the same differences in every round.
            if (hasRecentList)
                return NextStep.None;
            Log.PerAuthorDiffers(logger, peer, theirs.LinktreesPerAuthor, _linktreesPerAuthor);
            return NextStep.FullList;
        }

        if (peers.GetFullSince(peer) is not null && theirs.CanReconcile)
            return NextStep.ReconcileRecent;
        // A much larger set is read as a whole: compressed, in order, and without a request for each part.
        if (!hasRecentList && theirs.Set.Count > 2 * ours.Count)
            return NextStep.FirstList;
        return !theirs.CanReconcile || rejections.IsExhausted(peer) ? NextStep.FullList : NextStep.Reconcile;
    }

    private async ValueTask<StepResult> AfterSummaryFailureAsync(PeerPull pull, PeerFailure failure)
    {
        if (EndsPull(pull, failure))
            return new StepResult(PeerPath.None, failure);

        // A peer without the extension is the normal case.
        if (failure.Kind is not PeerFailureKind.NotSupported)
            Log.SummaryFailed(logger, pull.Peer, failure);

        // A passing failure of a peer that has the extension is not a reason to read full lists for ten minutes.
        bool? hasExtension = failure.Kind is PeerFailureKind.NotSupported || peers.GetExtension(pull.Peer) is null ? false : null;
        return await ReadListAsync(pull).ConfigureAwait(false) with { HasExtension = hasExtension };
    }

    /// <summary>Returns whether the peer cannot be reached, does not answer in time or asks for a pause. No other step changes that, and each would keep the round waiting.</summary>
    private static bool EndsPull(PeerPull pull, PeerFailure failure) =>
        pull.IsOutOfTime || failure.RetryAfter is not null
        || failure.Kind is PeerFailureKind.Unreachable or PeerFailureKind.AddressRefused or PeerFailureKind.TooManyPeersAtAddress or PeerFailureKind.TimedOut;

    private async ValueTask<StepResult> ReadListAsync(PeerPull pull)
    {
        var path = PeerPath.None;
        string? entityTag = null;
        var heldTag = peers.GetEntityTag(pull.Peer);
        await foreach (var (page, _, failure) in pull.ProcessAsync(nameof(IPeerClient), token => client.ReadAllAsync(pull.Peer, heldTag, token)).ConfigureAwait(false))
        {
            // Only the last page carries the tag.
            entityTag = page.EntityTag;
            if (page.NotModified)
                path = PeerPath.NotModified;
            else if (page.NotFound)
                path = PeerPath.NotFound;
            else if (page.Linktrees.Count > 0 || page.Malformed.Count > 0)
                path = PeerPath.FullList;

            if ((failure ?? page.Failure) is { } ending)
            {
                // The time of a pull that was ended because it was late is not the one that the message names.
                if (pull is { IsOutOfTime: true, IsOverdue: false } && path == PeerPath.FullList)
                    Log.ListTakesTooLong(logger, pull.Peer, _limits.PeerTimeout);
                return new StepResult(path, ending);
            }
        }

        // A list that was read to its end counts as read even if it is empty.
        return new StepResult(path == PeerPath.None ? PeerPath.FullList : path) { EntityTag = entityTag, UnverifiedDigest = pull.Totals.UnverifiedDigest, IsWhole = true };
    }
}
