using Koii.DbSharing.Concurrency;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Decides on every record that arrives, from a peer or by submission, and stores the records that are valid and newer (protocol §4). Each step removes the
/// records that it decides from the list of candidates, cheap steps first, so that a signature is checked only for a record that would change the store.
/// </summary>
/// <remarks>
/// A forged copy of a record never prevents the genuine one from being stored, in the same batch or later: a failed check is cached for the record together with its signature.
/// </remarks>
/// <param name="options">The task and the clock skew that is allowed.</param>
/// <param name="rejections">The rejection cache.</param>
/// <param name="verifier">Checks signatures one by one.</param>
/// <param name="batchVerifier">Checks a batch of signatures; preferred where it is given.</param>
/// <param name="policy">Decides which valid records are kept. Default: all.</param>
/// <param name="store">Holds the records.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class RecordProcessor(
    DbSharingOptions options,
    RejectionCache rejections,
    ISignatureVerifier verifier,
    IBatchSignatureVerifier? batchVerifier,
    IAdmissionPolicy? policy,
    ILinktreeStore store,
    TimeProvider timeProvider)
{
    private static readonly Verdict BadSignature = new(VerdictKind.Rejected, RejectionReason.BadSignature);

    private readonly string _taskId = options.TaskId;

    // Timestamps are whole milliseconds: comparing in whole milliseconds is exact.
    private readonly long _maxClockSkew = options.MaxClockSkew.Ticks / TimeSpan.TicksPerMillisecond;

    private readonly AsyncSemaphore _processing = new();

    /// <summary>
    /// Processes a batch from a peer. One batch at a time: peers of one round serve the same records, and the second copy of a record finds the first one held and is
    /// not verified again. Waiting costs nothing, since verification uses all cores.
    /// </summary>
    public async ValueTask<BatchResult> ProcessAsync(NodeAddress peer, IReadOnlyList<SignedLinktree> records, CancellationToken cancellationToken)
    {
        using (await _processing.AcquireAsync(cancellationToken).ConfigureAwait(false))
            return await ProcessCoreAsync(peer, records, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Processes submitted records without waiting for batches of peers. The store decides which version is newest.</summary>
    public ValueTask<BatchResult> ProcessSubmissionAsync(IReadOnlyList<SignedLinktree> records, CancellationToken cancellationToken) =>
        ProcessCoreAsync(peer: null, records, cancellationToken);

    /// <summary>
    /// Gets the time from which on a record is not too early, in milliseconds since the Unix epoch. Not a <see cref="DateTimeOffset"/>, which cannot hold the
    /// greatest timestamps.
    /// </summary>
    public long GetDueTime(SignedLinktree record) => record.Timestamp - _maxClockSkew;

    private async ValueTask<BatchResult> ProcessCoreAsync(NodeAddress? peer, IReadOnlyList<SignedLinktree> records, CancellationToken cancellationToken)
    {
        var batch = new RecordBatch(records);
        var candidates = Enumerable.Range(0, batch.Count).ToList();

        var earliestDue = CheckTaskAndClock(batch, candidates);
        await CompareWithStoreAsync(batch, candidates, cancellationToken).ConfigureAwait(false);
        CheckRejectionCache(batch, candidates);

        var unverified = candidates.Count;
        var fault = VerifySignatures(peer, batch, candidates);
        var failedChecks = unverified - candidates.Count;
        fault ??= await ApplyPolicyAsync(batch, candidates, cancellationToken).ConfigureAwait(false);
        if (fault is not null)
            return new BatchResult([], 0, null, fault);

        await StoreAsync(peer, batch, candidates, cancellationToken).ConfigureAwait(false);
        return new BatchResult(batch.ToVerdicts(), failedChecks, earliestDue);
    }

    /// <returns>The earliest time at which a record of the batch that is too early becomes due.</returns>
    private long? CheckTaskAndClock(RecordBatch batch, List<int> candidates)
    {
        var now = timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        long? earliestDue = null;
        candidates.RemoveAll(index =>
        {
            var record = batch[index];
            if (record.TaskId is { } taskId && taskId != _taskId)
                return Decide(batch, index, new Verdict(VerdictKind.Rejected, RejectionReason.OtherTask));
            var due = GetDueTime(record);
            if (due <= now)
                return false;
            earliestDue = Math.Min(earliestDue ?? long.MaxValue, due);
            return Decide(batch, index, new Verdict(VerdictKind.NotYetValid));
        });
        return earliestDue;
    }

    private async ValueTask CompareWithStoreAsync(RecordBatch batch, List<int> candidates, CancellationToken cancellationToken)
    {
        if (candidates.Count == 0)
            return;

        var keys = candidates.ConvertAll(index => batch[index].Key);
        var held = await store.GetVersionsAsync(keys, cancellationToken).ConfigureAwait(false);
        if (held.Count != keys.Count)
            throw new InvalidOperationException($"ILinktreeStore.GetVersionsAsync returned {held.Count} versions for {keys.Count} keys.");
        for (var i = 0; i < keys.Count; i++)
            batch.Held[candidates[i]] = held[i];

        // Both ids were computed here, so nobody can forge their equality.
        candidates.RemoveAll(index => batch.Held[index] is { } current && batch[index].Version <= current
            && Decide(batch, index, new Verdict(batch[index].Version == current ? VerdictKind.Unchanged : VerdictKind.Superseded)));
    }

    private void CheckRejectionCache(RecordBatch batch, List<int> candidates) =>
        candidates.RemoveAll(index =>
            rejections.IsBadSignature(batch[index]) ? Decide(batch, index, BadSignature)
            : rejections.IsSettled(batch[index].Id) && Decide(batch, index, new Verdict(VerdictKind.Superseded)));

    private ServiceFault? VerifySignatures(NodeAddress? peer, RecordBatch batch, List<int> candidates)
    {
        if (candidates.Count == 0)
            return null;

        var valid = new bool[batch.Count];
        try
        {
            if (batchVerifier is not null)
            {
                var results = new bool[candidates.Count];
                batchVerifier.Verify(candidates.Select(index => batch[index]).ToArray(), results);
                for (var i = 0; i < results.Length; i++)
                    valid[candidates[i]] = results[i];
            }
            else
            {
                foreach (var index in candidates)
                    valid[index] = verifier.Verify(batch[index]);
            }
        }
        catch (Exception exception)
        {
            // Not swallowed: the caller logs it for a peer's batch, or throws it to the application that submitted the record.
            return new ServiceFault(nameof(ISignatureVerifier), exception);
        }

        candidates.RemoveAll(index =>
        {
            if (valid[index])
                return false;
            rejections.AddBadSignature(peer, batch[index]);
            return Decide(batch, index, BadSignature);
        });
        return null;
    }

    private async ValueTask<ServiceFault?> ApplyPolicyAsync(RecordBatch batch, List<int> candidates, CancellationToken cancellationToken)
    {
        if (policy is null)
            return null;

        try
        {
            foreach (var index in candidates)
            {
                if (!await policy.IsAdmittedAsync(batch[index], cancellationToken).ConfigureAwait(false))
                    Decide(batch, index, new Verdict(VerdictKind.Rejected, RejectionReason.Policy));
            }
        }
        catch (Exception exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new ServiceFault(nameof(IAdmissionPolicy), exception);
        }

        candidates.RemoveAll(index => batch.Verdicts[index] is not null);
        return null;
    }

    private async ValueTask StoreAsync(NodeAddress? peer, RecordBatch batch, List<int> candidates, CancellationToken cancellationToken)
    {
        if (candidates.Count == 0)
            return;

        var records = candidates.ConvertAll(index => batch[index]);
        var outcomes = await store.PutAsync(records, cancellationToken).ConfigureAwait(false);
        if (outcomes.Count != records.Count)
            throw new InvalidOperationException($"ILinktreeStore.PutAsync returned {outcomes.Count} outcomes for {records.Count} records.");
        for (var i = 0; i < candidates.Count; i++)
        {
            var index = candidates[i];
            Decide(batch, index, new Verdict(ToVerdictKind(outcomes[i])));
            // This verdict is permanent, so it is cached; otherwise the signature would be verified in every round.
            if (outcomes[i] == PutOutcome.Superseded)
                rejections.AddSuperseded(peer, batch[index].Id);
            else if (outcomes[i] == PutOutcome.Replaced && batch.Held[index] is { } replaced)
                rejections.AddSuperseded(peer, replaced.Id);
        }
    }

    /// <returns><see langword="true"/>, so that the candidate is removed.</returns>
    private static bool Decide(RecordBatch batch, int index, Verdict verdict)
    {
        batch.Verdicts[index] = verdict;
        return true;
    }

    private static VerdictKind ToVerdictKind(PutOutcome outcome) => outcome switch
    {
        PutOutcome.Inserted => VerdictKind.Inserted,
        PutOutcome.Replaced => VerdictKind.Replaced,
        PutOutcome.Unchanged => VerdictKind.Unchanged,
        PutOutcome.Superseded => VerdictKind.Superseded,
        PutOutcome.Full => VerdictKind.Full,
        _ => throw new InvalidOperationException($"ILinktreeStore.PutAsync returned the outcome {(int)outcome}, which does not exist."),
    };
}
