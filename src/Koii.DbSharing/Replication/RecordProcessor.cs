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

    /// <summary>Processes submitted records without waiting for batches of peers. The store decides which version is newest.</summary>
    public async ValueTask<BatchResult> ProcessSubmissionAsync(IReadOnlyList<SignedLinktree> records, CancellationToken cancellationToken)
    {
        var batch = new RecordBatch(peer: null, records);
        await VerifyAsync(batch, pending: null, cancellationToken).ConfigureAwait(false);
        await PutAsync([batch], cancellationToken).ConfigureAwait(false);
        return batch.ToResult();
    }

    /// <summary>Decides on every record that need not be stored, and leaves the others <see cref="RecordBatch.Undecided"/>.</summary>
    /// <param name="batch">The batch, in which nothing is decided.</param>
    /// <param name="pending">
    /// What is being stored. A record that it may concern is not compared with the store now, but <see cref="RecordBatch.Deferred"/>. <see langword="null"/> to defer nothing.
    /// </param>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>.</param>
    public async ValueTask VerifyAsync(RecordBatch batch, PendingRecords? pending, CancellationToken cancellationToken)
    {
        var candidates = new List<int>(batch.Count);
        for (var index = 0; index < batch.Count; index++)
            candidates.Add(index);

        CheckTaskAndClock(batch, candidates);
        var mayBeEvicted = pending?.Defer(batch, candidates);
        await CompareWithStoreAsync(batch, candidates, mayBeEvicted, cancellationToken).ConfigureAwait(false);
        var cachedAsBad = CheckRejectionCache(batch, candidates);
        await CheckContentAsync(batch, candidates, cancellationToken).ConfigureAwait(false);

        batch.MaxBadSignatures = cachedAsBad + batch.FailedChecks + batch.Deferred.Count;
        if (batch.Deferred.Count > 0)
        {
            candidates.AddRange(batch.Deferred);
            candidates.Sort(); // Stored in the order of the batch: the outcome for an author's records depends on it.
        }

        batch.Undecided = candidates;
    }

    /// <summary>Completes the verification of a batch that <see cref="RecordBatch.WaitsForPuts"/>, when those are over.</summary>
    public async ValueTask CompleteAsync(RecordBatch batch, CancellationToken cancellationToken)
    {
        batch.Evictable.RemoveAll(batch.IsDecided);
        batch.Evictable.ForEach(index => batch.Held.Remove(index));
        await CompareWithStoreAsync(batch, batch.Evictable, mayBeEvicted: null, cancellationToken).ConfigureAwait(false);
        batch.Evictable.Clear();

        await CompareWithStoreAsync(batch, batch.Deferred, mayBeEvicted: null, cancellationToken).ConfigureAwait(false);
        CheckRejectionCache(batch, batch.Deferred);
        await CheckContentAsync(batch, batch.Deferred, cancellationToken).ConfigureAwait(false);
        batch.Deferred.Clear();
    }

    /// <summary>Stores what is left of verified batches by one call of the store, and decides on it by the outcomes.</summary>
    public async ValueTask PutAsync(IReadOnlyList<RecordBatch> batches, CancellationToken cancellationToken)
    {
        var records = new List<SignedLinktree>(batches.Sum(batch => batch.Undecided.Count));
        foreach (var batch in batches.Where(batch => batch.Fault is null))
        {
            foreach (var index in batch.Undecided.Where(index => !batch.IsDecided(index)))
                records.Add(batch[index]);
        }

        if (records.Count == 0)
            return;

        var outcomes = await store.PutAsync(records, cancellationToken).ConfigureAwait(false);
        if (outcomes.Count != records.Count)
            throw new InvalidOperationException($"ILinktreeStore.PutAsync returned {outcomes.Count} outcomes for {records.Count} records.");

        var next = 0;
        foreach (var batch in batches.Where(batch => batch.Fault is null))
        {
            foreach (var index in batch.Undecided.Where(index => !batch.IsDecided(index)))
                DecideByOutcome(batch, index, outcomes[next++]);
        }
    }

    /// <summary>
    /// Gets the time from which on a record is not too early, in milliseconds since the Unix epoch. Not a <see cref="DateTimeOffset"/>, which cannot hold the
    /// greatest timestamps.
    /// </summary>
    public long GetDueTime(SignedLinktree record) => record.Timestamp - _maxClockSkew;

    private void CheckTaskAndClock(RecordBatch batch, List<int> candidates)
    {
        var now = timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        candidates.RemoveAll(index =>
        {
            var record = batch[index];
            if (record.TaskId is { } taskId && taskId != _taskId)
                return Decide(batch, index, new Verdict(VerdictKind.Rejected, RejectionReason.OtherTask));
            var due = GetDueTime(record);
            if (due <= now)
                return false;
            batch.EarliestDue = Math.Min(batch.EarliestDue ?? long.MaxValue, due);
            return Decide(batch, index, new Verdict(VerdictKind.NotYetValid));
        });
    }

    private async ValueTask CompareWithStoreAsync(RecordBatch batch, List<int> candidates, bool[]? mayBeEvicted, CancellationToken cancellationToken)
    {
        if (candidates.Count == 0)
            return;

        var keys = new LinktreeKey[candidates.Count];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = batch[candidates[i]].Key;
        var held = await store.GetVersionsAsync(keys, cancellationToken).ConfigureAwait(false);
        if (held.Count != keys.Length)
            throw new InvalidOperationException($"ILinktreeStore.GetVersionsAsync returned {held.Count} versions for {keys.Length} keys.");

        var next = 0;
        candidates.RemoveAll(index => held[next++] is { } current && IsHeld(index, current));

        bool IsHeld(int index, LinktreeVersion current)
        {
            var version = batch[index].Version;
            if (version > current)
            {
                batch.Held[index] = current.Id;
                if (mayBeEvicted?[index] is true)
                    batch.Evictable.Add(index);
                return false;
            }

            if (mayBeEvicted?[index] is true)
                batch.Deferred.Add(index);
            else // Both ids were computed here, so nobody can forge their equality.
                batch.Decide(index, new Verdict(version == current ? VerdictKind.Unchanged : VerdictKind.Superseded));
            return true;
        }
    }

    /// <returns>The number of records with a bad signature.</returns>
    private int CheckRejectionCache(RecordBatch batch, List<int> candidates)
    {
        var bad = candidates.RemoveAll(index => rejections.IsBadSignature(batch[index]) && Decide(batch, index, BadSignature));
        candidates.RemoveAll(index => rejections.IsSettled(batch[index].Id) && Decide(batch, index, new Verdict(VerdictKind.Superseded)));
        // A version of the same identity that came since makes space for this one.
        candidates.RemoveAll(index => rejections.IsFull(batch[index].Id) && !batch.Held.ContainsKey(index) && Decide(batch, index, new Verdict(VerdictKind.Full)));
        return bad;
    }

    private async ValueTask CheckContentAsync(RecordBatch batch, List<int> candidates, CancellationToken cancellationToken)
    {
        if (candidates.Count == 0)
            return;
        batch.Fault = VerifySignatures(batch, candidates) ?? await ApplyPolicyAsync(batch, candidates, cancellationToken).ConfigureAwait(false);
    }

    private ServiceFault? VerifySignatures(RecordBatch batch, List<int> candidates)
    {
        var valid = new bool[candidates.Count];
        try
        {
            if (batchVerifier is not null)
            {
                var records = new SignedLinktree[candidates.Count];
                for (var i = 0; i < records.Length; i++)
                    records[i] = batch[candidates[i]];
                batchVerifier.Verify(records, valid);
            }
            else
            {
                for (var i = 0; i < valid.Length; i++)
                    valid[i] = verifier.Verify(batch[candidates[i]]);
            }
        }
        catch (Exception exception)
        {
            // Not swallowed: the caller logs it for a peer's batch, or throws it to the application that submitted the record.
            return new ServiceFault(nameof(ISignatureVerifier), exception);
        }

        var next = 0;
        batch.FailedChecks += candidates.RemoveAll(index =>
        {
            if (valid[next++])
                return false;
            rejections.AddBadSignature(batch.Peer, batch[index]);
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
                    batch.Decide(index, new Verdict(VerdictKind.Rejected, RejectionReason.Policy));
            }
        }
        catch (Exception exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new ServiceFault(nameof(IAdmissionPolicy), exception);
        }

        candidates.RemoveAll(batch.IsDecided);
        return null;
    }

    private void DecideByOutcome(RecordBatch batch, int index, PutOutcome outcome)
    {
        batch.Decide(index, new Verdict(ToVerdictKind(outcome)));
        // This verdict is permanent, so it is cached; otherwise the signature would be verified in every round.
        if (outcome == PutOutcome.Superseded)
            rejections.AddSuperseded(batch[index].Id);
        else if (outcome == PutOutcome.Full)
            rejections.AddFull(batch[index].Id);
        else if (outcome == PutOutcome.Replaced && batch.Held.TryGetValue(index, out var replaced))
            rejections.AddSuperseded(replaced);
    }

    /// <returns><see langword="true"/>, so that the candidate is removed.</returns>
    private static bool Decide(RecordBatch batch, int index, Verdict verdict)
    {
        batch.Decide(index, verdict);
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
