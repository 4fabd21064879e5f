using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;
using Moq;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RecordIntakeTests
{
    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");

    private readonly ManualTimeProvider _clock = new();
    private readonly RejectionCache _refusals;
    private readonly FakeVerifier _verifier = new();
    private readonly Mock<ILinktreeStore> _store = new();
    private readonly InMemoryLinktreeStore _real = new(new DbSharingOptions { TaskId = "task", LinktreesPerAuthor = 2 });

    public RecordIntakeTests()
    {
        _refusals = new RejectionCache(_clock);
        _store.Setup(store => store.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>()))
            .Returns((IReadOnlyList<LinktreeKey> keys, CancellationToken token) => _real.GetVersionsAsync(keys, token));
        _store.Setup(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>()))
            .Returns((IReadOnlyList<SignedLinktree> page, CancellationToken token) => _real.PutAsync(page, token));
    }

    [Test]
    public async Task Every_record_gets_its_verdict_in_the_order_of_the_page()
    {
        var held = Samples.Linktree(uuid: "held", timestamp: 5);
        var old = Samples.Linktree(uuid: "old", timestamp: 5);
        await _real.PutAsync([held, old]);

        var result = await TakeAsync(
            Samples.Linktree(author: 2),
            Samples.Linktree(author: 2, uuid: "other task", taskId: "other"),
            held,
            Samples.Linktree(uuid: "old", timestamp: 6),
            Samples.Linktree(uuid: "held", timestamp: 4),
            Samples.Linktree(uuid: "future", timestamp: 9_007_199_254_740_991),
            Samples.Linktree(author: 3).Forged());

        Assert.That(result.Verdicts, Is.EqualTo(new[]
        {
            new Verdict(VerdictKind.Inserted),
            new Verdict(VerdictKind.Rejected, RejectionReason.OtherTask),
            new Verdict(VerdictKind.Unchanged),
            new Verdict(VerdictKind.Replaced),
            new Verdict(VerdictKind.Superseded),
            new Verdict(VerdictKind.NotYetValid),
            new Verdict(VerdictKind.Rejected, RejectionReason.BadSignature),
        }));
        Assert.That(_verifier.Checks, Is.EqualTo(3), "only what would change the store");
        Assert.That(result.FailedChecks, Is.EqualTo(1));
    }

    [TestCase(PutOutcome.Inserted, VerdictKind.Inserted)]
    [TestCase(PutOutcome.Replaced, VerdictKind.Replaced)]
    [TestCase(PutOutcome.Unchanged, VerdictKind.Unchanged)]
    [TestCase(PutOutcome.Superseded, VerdictKind.Superseded)]
    [TestCase(PutOutcome.Full, VerdictKind.Full)]
    public async Task Stores_have_the_last_word(PutOutcome outcome, VerdictKind verdict)
    {
        _store.Setup(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>())).ReturnsAsync([outcome]);

        var result = await TakeAsync(Samples.Linktree());

        Assert.That(result.Verdicts, Is.EqualTo(new[] { new Verdict(verdict) }));
    }

    [Test]
    public async Task Records_that_need_no_look_into_the_store_cost_none()
    {
        await TakeAsync(Samples.Linktree(taskId: "other"), Samples.Linktree(timestamp: 9_007_199_254_740_991));

        _store.VerifyNoOtherCalls();
        Assert.That(_verifier.Checks, Is.Zero);
    }

    [Test]
    public async Task Only_good_records_reach_the_store()
    {
        var good = Samples.Linktree(author: 1);

        await TakeAsync(Samples.Linktree(author: 2).Forged(), good, Samples.Linktree(author: 3).Forged());

        _store.Verify(store => store.PutAsync(new[] { good }, It.IsAny<CancellationToken>()), Times.Once);
    }

    [Test]
    public async Task Nothing_good_means_nothing_to_store()
    {
        await TakeAsync(Samples.Linktree().Forged());

        _store.Verify(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>()), Times.Never);
    }

    [Test]
    public async Task Exact_repeats_are_checked_and_stored_once_and_count_as_unchanged()
    {
        var linktree = Samples.Linktree();

        var result = await TakeAsync(linktree, Samples.Linktree(), linktree);

        Assert.That(result.Verdicts.Select(verdict => verdict.Kind), Is.EqualTo(new[] { VerdictKind.Inserted, VerdictKind.Unchanged, VerdictKind.Unchanged }));
        Assert.That(_verifier.Checks, Is.EqualTo(1));
        _store.Verify(store => store.PutAsync(new[] { linktree }, It.IsAny<CancellationToken>()), Times.Once);
    }

    [Test]
    public async Task Repeats_of_a_refused_record_are_refused_alike_at_the_cost_of_one_check()
    {
        var forged = Samples.Linktree().Forged();

        var result = await TakeAsync(forged, forged, forged);

        Assert.That(result.Verdicts, Is.All.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.BadSignature)));
        Assert.That((result.FailedChecks, _verifier.Checks), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task Forged_copy_before_the_honest_record_does_not_keep_it_out()
    {
        var honest = Samples.Linktree();

        var result = await TakeAsync(honest.Forged(1), honest.Forged(2), honest, honest.Forged(3));

        Assert.That(result.Verdicts[2].Kind, Is.EqualTo(VerdictKind.Inserted));
        Assert.That((await _real.GetAsync([honest.Id])).Single(), Is.EqualTo(honest), "with the honest signature");
    }

    [Test]
    public async Task Forged_copy_in_an_earlier_page_does_not_keep_the_honest_record_out()
    {
        var honest = Samples.Linktree();
        var intake = Intake(_verifier);

        await intake.TakeInTurnAsync(Peer, [honest.Forged()], default);
        var result = await intake.TakeInTurnAsync(Peer, [honest], default);

        Assert.That(result.Verdicts.Single().Kind, Is.EqualTo(VerdictKind.Inserted));
    }

    [Test]
    public async Task Second_good_signature_over_the_same_bytes_is_the_same_record()
    {
        var linktree = Samples.Linktree();

        var result = await TakeAsync(linktree, linktree.Resigned(7));

        Assert.That(result.Verdicts.Select(verdict => verdict.Kind), Is.EqualTo(new[] { VerdictKind.Inserted, VerdictKind.Unchanged }));
    }

    [Test]
    public async Task Forged_newer_version_does_not_stand_in_for_the_honest_older_one()
    {
        var honest = Samples.Linktree(timestamp: 1);

        var result = await TakeAsync(Samples.Linktree(timestamp: 2).Forged(), honest);

        Assert.That(result.Verdicts[1].Kind, Is.EqualTo(VerdictKind.Inserted));
    }

    [Test]
    public async Task Author_with_more_identities_than_are_kept_keeps_the_newest()
    {
        var result = await TakeAsync(Samples.Linktree(uuid: "a", timestamp: 3), Samples.Linktree(uuid: "b", timestamp: 2), Samples.Linktree(uuid: "c", timestamp: 1));

        Assert.That(result.Verdicts.Select(verdict => verdict.Kind), Is.EqualTo(new[] { VerdictKind.Inserted, VerdictKind.Inserted, VerdictKind.Superseded }));
    }

    [Test]
    public async Task Earliest_due_time_is_that_of_the_earliest_record_to_come()
    {
        var result = await TakeAsync(
            Samples.Linktree(uuid: "a", timestamp: 3_000_000_000_000), Samples.Linktree(uuid: "b", timestamp: 2_000_000_000_000), Samples.Linktree(uuid: "c"));

        Assert.That(result.EarliestDue, Is.EqualTo(2_000_000_000_000 - 600_000));
    }

    [Test]
    public async Task Without_records_to_come_there_is_no_due_time() => Assert.That((await TakeAsync(Samples.Linktree())).EarliestDue, Is.Null);

    [Test]
    public async Task Batch_verifier_gets_the_page_in_one_call()
    {
        var batch = new FakeBatchVerifier();

        var result = await Intake(batch).TakeInTurnAsync(Peer, [Samples.Linktree(1), Samples.Linktree(2).Forged(), Samples.Linktree(3), Samples.Linktree(4, taskId: "other")], default);

        Assert.That(batch.Batches, Is.EqualTo(new[] { 3 }));
        Assert.That(batch.Checks, Is.Zero);
        Assert.That(result.Verdicts[1].Reason, Is.EqualTo(RejectionReason.BadSignature));
        Assert.That(result.Verdicts[2].Kind, Is.EqualTo(VerdictKind.Inserted));
    }

    [Test]
    public async Task Verifier_that_throws_is_told_and_nothing_is_stored()
    {
        var verifier = new Mock<ISignatureVerifier>();
        var fault = new ArithmeticException();
        verifier.Setup(role => role.Verify(It.IsAny<SignedLinktree>())).Throws(fault);

        var result = await Intake(verifier.Object).TakeInTurnAsync(Peer, [Samples.Linktree(), Samples.Linktree(taskId: "other")], default);

        Assert.That(result.Fault, Is.EqualTo(new RoleFault(nameof(ISignatureVerifier), fault)));
        Assert.That(result.Verdicts, Is.Empty);
        _store.Verify(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>()), Times.Never);
    }

    [Test]
    public void Store_that_answers_too_few_outcomes_is_named()
    {
        _store.Setup(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>())).ReturnsAsync([]);

        Assert.That(
            async () => await TakeAsync(Samples.Linktree(1), Samples.Linktree(2), Samples.Linktree(3)),
            Throws.InvalidOperationException.With.Message.EqualTo("ILinktreeStore.PutAsync returned 0 outcomes for 3 records."));
    }

    [Test]
    public void Store_that_answers_too_few_versions_is_named()
    {
        _store.Setup(store => store.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>())).ReturnsAsync([]);

        Assert.That(
            async () => await TakeAsync(Samples.Linktree()),
            Throws.InvalidOperationException.With.Message.EqualTo("ILinktreeStore.GetVersionsAsync returned 0 versions for 1 keys."));
    }

    [Test]
    public void Store_that_answers_null_is_named()
    {
        _store.Setup(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>())).ReturnsAsync((IReadOnlyList<PutOutcome>)null!);

        Assert.That(
            async () => await TakeAsync(Samples.Linktree()),
            Throws.InvalidOperationException.With.Message.EqualTo("ILinktreeStore.PutAsync returned null."));
    }

    [Test]
    public void Outcome_that_does_not_exist_is_named()
    {
        _store.Setup(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>())).ReturnsAsync([(PutOutcome)17]);

        Assert.That(
            async () => await TakeAsync(Samples.Linktree()),
            Throws.InvalidOperationException.With.Message.EqualTo("ILinktreeStore.PutAsync returned the outcome 17, which does not exist."));
    }

    [Test]
    public async Task Pages_of_several_peers_are_taken_one_after_the_other_and_each_record_is_verified_once()
    {
        var answer = new TaskCompletionSource();
        _store.Setup(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>()))
            .Returns(async (IReadOnlyList<SignedLinktree> page, CancellationToken token) =>
            {
                await answer.Task;
                return await _real.PutAsync(page, token);
            });
        var intake = Intake(_verifier);
        var page = new[] { Samples.Linktree(1), Samples.Linktree(2) };

        var first = intake.TakeInTurnAsync(Peer, page, default).AsTask();
        var second = intake.TakeInTurnAsync(Peer, page, default).AsTask();
        Assert.That(_verifier.Checks, Is.EqualTo(2));
        answer.SetResult();
        await Task.WhenAll(first, second);

        Assert.That(_verifier.Checks, Is.EqualTo(2));
        Assert.That((await first).Verdicts.Select(verdict => verdict.Kind), Is.All.EqualTo(VerdictKind.Inserted));
        Assert.That((await second).Verdicts.Select(verdict => verdict.Kind), Is.All.EqualTo(VerdictKind.Unchanged));
    }

    [Test]
    public async Task Bad_signature_is_checked_once_and_still_counts_as_bad()
    {
        var intake = Intake(_verifier);
        var forged = Samples.Linktree().Forged();

        var first = await intake.TakeInTurnAsync(Peer, [forged], default);
        var second = await intake.TakeInTurnAsync(NodeAddress.Parse("http://other.example"), [forged], default);
        var posted = await intake.TakeSubmittedAsync([forged], default);

        Assert.That(_verifier.Checks, Is.EqualTo(1));
        Assert.That((first.FailedChecks, second.FailedChecks, posted.FailedChecks), Is.EqualTo((1, 0, 0)));
        Assert.That(new[] { first, second, posted }.Select(result => result.Verdicts.Single()), Is.All.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.BadSignature)));
    }

    [Test]
    public async Task Record_that_its_author_has_no_room_for_is_checked_once()
    {
        var intake = Intake(_verifier);
        SignedLinktree[] page = [Samples.Linktree(uuid: "a", timestamp: 3), Samples.Linktree(uuid: "b", timestamp: 2), Samples.Linktree(uuid: "c", timestamp: 1)];

        await intake.TakeInTurnAsync(Peer, page, default);
        var again = await intake.TakeInTurnAsync(Peer, page, default);

        Assert.That(_verifier.Checks, Is.EqualTo(3));
        Assert.That(again.Verdicts.Select(verdict => verdict.Kind), Is.EqualTo(new[] { VerdictKind.Unchanged, VerdictKind.Unchanged, VerdictKind.Superseded }));
    }

    [Test]
    public async Task Replaced_version_is_known_as_superseded([Values] bool submitted)
    {
        var old = Samples.Linktree(timestamp: 1);
        var intake = Intake(_verifier);
        await intake.TakeInTurnAsync(Peer, [old], default);

        var newer = Samples.Linktree(timestamp: 2);
        _ = submitted ? await intake.TakeSubmittedAsync([newer], default) : await intake.TakeInTurnAsync(Peer, [newer], default);

        Assert.That(_refusals.IsWorthFetching(Peer, old.Id), Is.False);
        Assert.That(_refusals.IsWorthFetching(Peer, newer.Id), Is.True);
    }

    [Test]
    public async Task Policy_is_asked_last_and_its_refusal_is_not_remembered()
    {
        var policy = new Mock<IAdmissionPolicy>();
        var intake = Intake(_verifier, policy.Object);
        SignedLinktree[] page = [Samples.Linktree(1), Samples.Linktree(2), Samples.Linktree(3).Forged(), Samples.Linktree(4, taskId: "other")];
        policy.Setup(role => role.IsAdmittedAsync(page[0], It.IsAny<CancellationToken>())).ReturnsAsync(true);

        var first = await intake.TakeInTurnAsync(Peer, page, default);
        policy.Setup(role => role.IsAdmittedAsync(page[1], It.IsAny<CancellationToken>())).ReturnsAsync(true);
        var second = await intake.TakeInTurnAsync(Peer, page, default);

        Assert.That(first.Verdicts[1], Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.Policy)));
        Assert.That(first.FailedChecks, Is.EqualTo(1), "no fault of the peer");
        Assert.That(second.Verdicts.Select(verdict => verdict.Kind), Is.EqualTo(new[] { VerdictKind.Unchanged, VerdictKind.Inserted, VerdictKind.Rejected, VerdictKind.Rejected }));
        policy.Verify(role => role.IsAdmittedAsync(It.IsAny<SignedLinktree>(), It.IsAny<CancellationToken>()), Times.Exactly(3));
    }

    [Test]
    public async Task Policy_that_throws_is_told_and_nothing_is_stored()
    {
        var policy = new Mock<IAdmissionPolicy>();
        var fault = new TimeoutException();
        policy.Setup(role => role.IsAdmittedAsync(Samples.Linktree(1), It.IsAny<CancellationToken>())).ReturnsAsync(true);
        policy.Setup(role => role.IsAdmittedAsync(Samples.Linktree(2), It.IsAny<CancellationToken>())).ThrowsAsync(fault);

        var result = await Intake(_verifier, policy.Object).TakeInTurnAsync(Peer, [Samples.Linktree(1), Samples.Linktree(2)], default);

        Assert.That(result.Fault, Is.EqualTo(new RoleFault(nameof(IAdmissionPolicy), fault)));
        _store.Verify(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>()), Times.Never);
    }

    private RecordIntake Intake(ISignatureVerifier verifier, IAdmissionPolicy? policy = null) =>
        new(new Admission("task", TimeSpan.FromMinutes(10)), _refusals, verifier, policy, _store.Object, _clock);

    private ValueTask<IntakeResult> TakeAsync(params SignedLinktree[] linktrees) => Intake(_verifier).TakeInTurnAsync(Peer, linktrees, default);
}
