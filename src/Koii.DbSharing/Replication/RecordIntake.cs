using Koii.DbSharing.Concurrency;

namespace Koii.DbSharing.Replication;

/// <summary>
/// The one door to the store: every record, whoever brings it, is judged here and stored if it is good (protocol §4). A forged copy never stands in the way of
/// the honest one, in the same page or a later one: what is remembered of it is remembered together with its signature.
/// </summary>
internal sealed class RecordIntake(
    Admission admission, RejectionCache refusals, ISignatureVerifier verifier, IAdmissionPolicy? policy, ILinktreeStore store, TimeProvider timeProvider)
{
    private static readonly Verdict BadSignature = new(VerdictKind.Rejected, RejectionReason.BadSignature);

    private readonly AsyncSemaphore _turn = new();

    /// <summary>
    /// Takes a page that a peer sent. One page at a time: peers of one round serve the same records, and the second to bring one finds it held and is not
    /// verified again. Side by side, every peer's copy would be. Nothing is lost by waiting, since verification uses all cores as it is.
    /// </summary>
    public async ValueTask<IntakeResult> TakeInTurnAsync(NodeAddress from, IReadOnlyList<SignedLinktree> page, CancellationToken cancellationToken)
    {
        using (await _turn.AcquireAsync(cancellationToken).ConfigureAwait(false))
            return await TakeAsync(from, page, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes records that were submitted, without waiting for a turn: a submission does not queue behind a round. What is newest is for the store to decide.
    /// </summary>
    public ValueTask<IntakeResult> TakeSubmittedAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken) =>
        TakeAsync(from: null, linktrees, cancellationToken);

    private async ValueTask<IntakeResult> TakeAsync(NodeAddress? from, IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken)
    {
        var page = new IntakePage(linktrees);
        var (ownAndDue, earliestDue) = JudgeAlone(page);
        var newer = await JudgeAgainstStoreAsync(page, ownAndDue, cancellationToken).ConfigureAwait(false);
        var unknown = JudgeByMemory(page, newer);
        if (TryVerify(page, unknown, out var valid) is { } verifierFault)
            return new IntakeResult([], 0, null, new RoleFault(nameof(ISignatureVerifier), verifierFault));

        var good = TakeValid(from, page, unknown, valid);
        var (admitted, policyFault) = await AskPolicyAsync(page, good, cancellationToken).ConfigureAwait(false);
        if (policyFault is not null)
            return new IntakeResult([], 0, null, new RoleFault(nameof(IAdmissionPolicy), policyFault));

        await StoreAsync(from, page, admitted, cancellationToken).ConfigureAwait(false);
        return new IntakeResult(page.VerdictsOfAll(), unknown.Count - good.Count, earliestDue);
    }

    private (List<int> Undecided, long? EarliestDue) JudgeAlone(IntakePage page)
    {
        var now = timeProvider.GetUtcNow();
        var undecided = new List<int>(page.Count);
        long? earliestDue = null;
        for (var i = 0; i < page.Count; i++)
        {
            page.Verdicts[i] = admission.Judge(page[i], now);
            if (page.Verdicts[i] is not { } verdict)
                undecided.Add(i);
            else if (verdict.Kind == VerdictKind.NotYetValid)
                earliestDue = Math.Min(earliestDue ?? long.MaxValue, admission.DueAt(page[i]));
        }

        return (undecided, earliestDue);
    }

    private async ValueTask<List<int>> JudgeAgainstStoreAsync(IntakePage page, List<int> candidates, CancellationToken cancellationToken)
    {
        var newer = new List<int>(candidates.Count);
        if (candidates.Count == 0)
            return newer;

        var keys = candidates.ConvertAll(index => page[index].Key);
        var held = RoleContract.OneEach(
            await store.GetVersionsAsync(keys, cancellationToken).ConfigureAwait(false),
            keys.Count, "ILinktreeStore.GetVersionsAsync", "versions", "keys");
        for (var i = 0; i < candidates.Count; i++)
        {
            var index = candidates[i];
            page.Held[index] = held[i];
            page.Verdicts[index] = Admission.Judge(page[index].Version, held[i]);
            if (page.Verdicts[index] is null)
                newer.Add(index);
        }

        return newer;
    }

    private List<int> JudgeByMemory(IntakePage page, List<int> candidates)
    {
        var unknown = new List<int>(candidates.Count);
        foreach (var index in candidates)
        {
            if (refusals.IsBadSignature(page[index]))
                page.Verdicts[index] = BadSignature;
            else if (refusals.IsSettled(page[index].Id))
                page.Verdicts[index] = new Verdict(VerdictKind.Superseded);
            else
                unknown.Add(index);
        }

        return unknown;
    }

    /// <returns>What the verifier threw, or <see langword="null"/> when it did its work.</returns>
    private Exception? TryVerify(IntakePage page, List<int> candidates, out bool[] valid)
    {
        valid = new bool[candidates.Count];
        if (candidates.Count == 0)
            return null;

        try
        {
            if (verifier is IBatchSignatureVerifier batch)
            {
                batch.Verify(candidates.Select(index => page[index]).ToArray(), valid);
                return null;
            }

            for (var i = 0; i < valid.Length; i++)
                valid[i] = verifier.Verify(page[candidates[i]]);
            return null;
        }
        catch (Exception fault)
        {
            // Not swallowed: the caller logs it as that of a peer, or throws it to the application that submitted the record.
            return fault;
        }
    }

    private List<int> TakeValid(NodeAddress? from, IntakePage page, List<int> candidates, bool[] valid)
    {
        var good = new List<int>(candidates.Count);
        for (var i = 0; i < valid.Length; i++)
        {
            if (valid[i])
            {
                good.Add(candidates[i]);
                continue;
            }

            page.Verdicts[candidates[i]] = BadSignature;
            refusals.RememberBadSignature(from, page[candidates[i]]);
        }

        return good;
    }

    private async ValueTask<(List<int> Admitted, Exception? Fault)> AskPolicyAsync(IntakePage page, List<int> good, CancellationToken cancellationToken)
    {
        if (policy is null)
            return (good, null);

        var admitted = new List<int>(good.Count);
        try
        {
            foreach (var index in good)
            {
                if (await policy.IsAdmittedAsync(page[index], cancellationToken).ConfigureAwait(false))
                    admitted.Add(index);
                else
                    page.Verdicts[index] = new Verdict(VerdictKind.Rejected, RejectionReason.Policy);
            }

            return (admitted, null);
        }
        catch (Exception fault)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ([], fault);
        }
    }

    private async ValueTask StoreAsync(NodeAddress? from, IntakePage page, List<int> good, CancellationToken cancellationToken)
    {
        if (good.Count == 0)
            return;

        var linktrees = good.ConvertAll(index => page[index]);
        var outcomes = RoleContract.OneEach(
            await store.PutAsync(linktrees, cancellationToken).ConfigureAwait(false), linktrees.Count, "ILinktreeStore.PutAsync", "outcomes", "records");
        for (var i = 0; i < good.Count; i++)
        {
            page.Verdicts[good[i]] = new Verdict(KindOf(outcomes[i]));
            // Its author has as many newer ones as are kept, and that can only become truer. Without this its signature would be checked every round.
            if (outcomes[i] == PutOutcome.Superseded)
                refusals.RememberSuperseded(from, linktrees[i].Id);
            else if (outcomes[i] == PutOutcome.Replaced && page.Held[good[i]] is { } replaced)
                refusals.RememberSuperseded(from, replaced.Id);
        }
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
}
