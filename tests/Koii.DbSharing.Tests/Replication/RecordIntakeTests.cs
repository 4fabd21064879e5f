using Koii.DbSharing.Records;
using Koii.DbSharing.Replication;
using Koii.DbSharing.Signatures;
using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using Moq;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RecordIntakeTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly FakeVerifier _verifier = new();
    private readonly Mock<ILinktreeStore> _store = new();
    private readonly InMemoryLinktreeStore _real = new(new DbSharingOptions { TaskId = "task", LinktreesPerAuthor = 2 });

    public RecordIntakeTests()
    {
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

        await intake.TakeInTurnAsync([honest.Forged()], default);
        var result = await intake.TakeInTurnAsync([honest], default);

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

        var result = await Intake(batch).TakeAsync([Samples.Linktree(1), Samples.Linktree(2).Forged(), Samples.Linktree(3), Samples.Linktree(4, taskId: "other")], default);

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

        var result = await Intake(verifier.Object).TakeAsync([Samples.Linktree(), Samples.Linktree(taskId: "other")], default);

        Assert.That(result.VerifierFault, Is.SameAs(fault));
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

        var first = intake.TakeInTurnAsync(page, default).AsTask();
        var second = intake.TakeInTurnAsync(page, default).AsTask();
        Assert.That(_verifier.Checks, Is.EqualTo(2));
        answer.SetResult();
        await Task.WhenAll(first, second);

        Assert.That(_verifier.Checks, Is.EqualTo(2));
        Assert.That((await first).Verdicts.Select(verdict => verdict.Kind), Is.All.EqualTo(VerdictKind.Inserted));
        Assert.That((await second).Verdicts.Select(verdict => verdict.Kind), Is.All.EqualTo(VerdictKind.Unchanged));
    }

    private RecordIntake Intake(ISignatureVerifier verifier) => new(new Admission("task", TimeSpan.FromMinutes(10)), verifier, _store.Object, _clock);

    private ValueTask<IntakeResult> TakeAsync(params SignedLinktree[] linktrees) => Intake(_verifier).TakeAsync(linktrees, default);
}
