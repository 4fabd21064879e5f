using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Records;
using Koii.DbSharing.Signatures;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Replication;

/// <summary>
/// The one door to the store: every record, whoever brings it, is judged here and stored if it is good (protocol §4). Nothing is remembered of a record
/// that was refused, so a forged copy never stands in the way of the honest one, in the same page or a later one.
/// </summary>
internal sealed class RecordIntake(Admission admission, ISignatureVerifier verifier, ILinktreeStore store, TimeProvider timeProvider)
{
    private readonly AsyncLock _turn = new();

    /// <summary>
    /// Takes a page that a peer sent. One page at a time: peers of one round serve the same records, and the second to bring one finds it held and is not
    /// verified again. Side by side, every peer's copy would be. Nothing is lost by waiting, since verification uses all cores as it is.
    /// </summary>
    public async ValueTask<IntakeResult> TakeInTurnAsync(IReadOnlyList<SignedLinktree> page, CancellationToken cancellationToken)
    {
        using (await _turn.AcquireAsync(cancellationToken).ConfigureAwait(false))
            return await TakeAsync(page, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes records without waiting for a turn: a submission does not queue behind a round. What is newest is for the store to decide.</summary>
    public async ValueTask<IntakeResult> TakeAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken)
    {
        var distinct = Distinct(linktrees, out var places);
        var verdicts = new Verdict?[distinct.Count];

        var (ownAndDue, earliestDue) = JudgeAlone(distinct, verdicts);
        var newer = await JudgeAgainstStoreAsync(distinct, ownAndDue, verdicts, cancellationToken).ConfigureAwait(false);
        if (TryVerify(distinct, newer, out var valid) is { } fault)
            return new IntakeResult([], 0, null, fault);

        var good = TakeValid(newer, valid, verdicts);
        await StoreAsync(distinct, good, verdicts, cancellationToken).ConfigureAwait(false);
        return new IntakeResult(ForEachRecord(verdicts, places), newer.Count - good.Count, earliestDue);
    }

    /// <summary>Records without exact repeats (same record id, same signature), and for each record given its place among them.</summary>
    private static List<SignedLinktree> Distinct(IReadOnlyList<SignedLinktree> linktrees, out int[] places)
    {
        places = new int[linktrees.Count];
        var distinct = new List<SignedLinktree>(linktrees.Count);
        var seen = new Dictionary<SignedLinktree, int>(linktrees.Count);
        for (var i = 0; i < places.Length; i++)
        {
            if (!seen.TryGetValue(linktrees[i], out places[i]))
            {
                seen.Add(linktrees[i], places[i] = distinct.Count);
                distinct.Add(linktrees[i]);
            }
        }

        return distinct;
    }

    private (List<int> Undecided, long? EarliestDue) JudgeAlone(List<SignedLinktree> linktrees, Verdict?[] verdicts)
    {
        var now = timeProvider.GetUtcNow();
        var undecided = new List<int>(linktrees.Count);
        long? earliestDue = null;
        for (var i = 0; i < linktrees.Count; i++)
        {
            verdicts[i] = admission.Judge(linktrees[i], now);
            if (verdicts[i] is not { } verdict)
                undecided.Add(i);
            else if (verdict.Kind == VerdictKind.NotYetValid)
                earliestDue = Math.Min(earliestDue ?? long.MaxValue, admission.DueAt(linktrees[i]));
        }

        return (undecided, earliestDue);
    }

    private async ValueTask<List<int>> JudgeAgainstStoreAsync(
        List<SignedLinktree> linktrees, List<int> candidates, Verdict?[] verdicts, CancellationToken cancellationToken)
    {
        var newer = new List<int>(candidates.Count);
        if (candidates.Count == 0)
            return newer;

        var keys = candidates.ConvertAll(index => linktrees[index].Key);
        var held = RoleContract.OneEach(
            await store.GetVersionsAsync(keys, cancellationToken).ConfigureAwait(false),
            keys.Count, "ILinktreeStore.GetVersionsAsync", "versions", "keys");
        for (var i = 0; i < candidates.Count; i++)
        {
            var index = candidates[i];
            verdicts[index] = Admission.Judge(linktrees[index].Version, held[i]);
            if (verdicts[index] is null)
                newer.Add(index);
        }

        return newer;
    }

    /// <returns>What the verifier threw, or <see langword="null"/> when it did its work.</returns>
    private Exception? TryVerify(List<SignedLinktree> linktrees, List<int> candidates, out bool[] valid)
    {
        valid = new bool[candidates.Count];
        if (candidates.Count == 0)
            return null;

        try
        {
            if (verifier is IBatchSignatureVerifier batch)
            {
                batch.Verify(candidates.Select(index => linktrees[index]).ToArray(), valid);
                return null;
            }

            for (var i = 0; i < valid.Length; i++)
                valid[i] = verifier.Verify(linktrees[candidates[i]]);
            return null;
        }
        catch (Exception fault)
        {
            // Not swallowed: the caller logs it as that of a peer, or throws it to the application that submitted the record.
            return fault;
        }
    }

    private static List<int> TakeValid(List<int> candidates, bool[] valid, Verdict?[] verdicts)
    {
        var good = new List<int>(candidates.Count);
        for (var i = 0; i < valid.Length; i++)
        {
            if (valid[i])
                good.Add(candidates[i]);
            else
                verdicts[candidates[i]] = new Verdict(VerdictKind.Rejected, RejectionReason.BadSignature);
        }

        return good;
    }

    private async ValueTask StoreAsync(List<SignedLinktree> linktrees, List<int> good, Verdict?[] verdicts, CancellationToken cancellationToken)
    {
        if (good.Count == 0)
            return;

        var page = good.ConvertAll(index => linktrees[index]);
        var outcomes = RoleContract.OneEach(
            await store.PutAsync(page, cancellationToken).ConfigureAwait(false), page.Count, "ILinktreeStore.PutAsync", "outcomes", "records");
        for (var i = 0; i < good.Count; i++)
            verdicts[good[i]] = new Verdict(KindOf(outcomes[i]));
    }

    private static VerdictKind KindOf(PutOutcome outcome) => outcome switch
    {
        PutOutcome.Inserted => VerdictKind.Inserted,
        PutOutcome.Replaced => VerdictKind.Replaced,
        PutOutcome.Unchanged => VerdictKind.Unchanged,
        PutOutcome.Superseded => VerdictKind.Superseded,
        PutOutcome.Full => VerdictKind.Full,
        _ => throw new InvalidOperationException($"ILinktreeStore.PutAsync returned the outcome {(int)outcome}, which does not exist."),
    };

    private static Verdict[] ForEachRecord(Verdict?[] verdicts, int[] places)
    {
        var answers = new Verdict[places.Length];
        var met = 0;
        for (var i = 0; i < places.Length; i++)
        {
            var verdict = verdicts[places[i]]!.Value;
            var isRepeat = places[i] < met;
            if (!isRepeat)
                met++;
            // One row, one Inserted: the repeat of a record that was stored a moment ago is held already.
            answers[i] = isRepeat && verdict.Kind is VerdictKind.Inserted or VerdictKind.Replaced ? new Verdict(VerdictKind.Unchanged) : verdict;
        }

        return answers;
    }
}
