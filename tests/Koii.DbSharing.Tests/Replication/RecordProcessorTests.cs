using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;
using Moq;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RecordProcessorTests
{
    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");

    private readonly FakeClock _clock = new();
    private readonly RejectionCache _rejections;
    private readonly FakeVerifier _verifier = new();
    private readonly Mock<ILinktreeStore> _store = new();
    private readonly InMemoryLinktreeStore _real = new(new DbSharingOptions { TaskId = "task", LinktreesPerAuthor = 2 });

    public RecordProcessorTests()
    {
        _rejections = new RejectionCache(_clock);
        _store.Setup(store => store.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>()))
            .Returns((IReadOnlyList<LinktreeKey> keys, CancellationToken token) => _real.GetVersionsAsync(keys, token));
        _store.Setup(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>()))
            .Returns((IReadOnlyList<SignedLinktree> page, CancellationToken token) => _real.PutAsync(page, token));
    }

    [Test]
    public async Task Every_record_gets_a_verdict_in_the_order_of_the_batch()
    {
        var held = Samples.Linktree(uuid: "held", timestamp: 5);
        var old = Samples.Linktree(uuid: "old", timestamp: 5);
        await _real.PutAsync([held, old]);

        var result = await ProcessAsync(
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
    public async Task Verdict_follows_the_outcome_of_the_store(PutOutcome outcome, VerdictKind verdict)
    {
        _store.Setup(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>())).ReturnsAsync([outcome]);

        var result = await ProcessAsync(Samples.Linktree());

        Assert.That(result.Verdicts, Is.EqualTo(new[] { new Verdict(verdict) }));
    }

    [Test]
    public async Task Records_that_are_decided_without_the_store_cost_no_call_of_it()
    {
        await ProcessAsync(Samples.Linktree(taskId: "other"), Samples.Linktree(timestamp: 9_007_199_254_740_991));

        _store.VerifyNoOtherCalls();
        Assert.That(_verifier.Checks, Is.Zero);
    }

    [Test]
    public async Task Only_valid_records_reach_the_store()
    {
        var good = Samples.Linktree(author: 1);

        await ProcessAsync(Samples.Linktree(author: 2).Forged(), good, Samples.Linktree(author: 3).Forged());

        _store.Verify(store => store.PutAsync(new[] { good }, It.IsAny<CancellationToken>()), Times.Once);
    }

    [Test]
    public async Task Batch_without_valid_records_is_not_stored()
    {
        await ProcessAsync(Samples.Linktree().Forged());

        _store.Verify(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>()), Times.Never);
    }

    [Test]
    public async Task Exact_repetitions_are_verified_and_stored_once_and_count_as_unchanged()
    {
        var linktree = Samples.Linktree();

        var result = await ProcessAsync(linktree, Samples.Linktree(), linktree);

        Assert.That(result.Verdicts.Select(verdict => verdict.Kind), Is.EqualTo(new[] { VerdictKind.Inserted, VerdictKind.Unchanged, VerdictKind.Unchanged }));
        Assert.That(_verifier.Checks, Is.EqualTo(1));
        _store.Verify(store => store.PutAsync(new[] { linktree }, It.IsAny<CancellationToken>()), Times.Once);
    }

    [Test]
    public async Task Repetitions_of_a_rejected_record_are_rejected_after_one_check()
    {
        var forged = Samples.Linktree().Forged();

        var result = await ProcessAsync(forged, forged, forged);

        Assert.That(result.Verdicts, Is.All.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.BadSignature)));
        Assert.That((result.FailedChecks, _verifier.Checks), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task Forged_copy_before_the_genuine_record_does_not_exclude_it()
    {
        var honest = Samples.Linktree();

        var result = await ProcessAsync(honest.Forged(1), honest.Forged(2), honest, honest.Forged(3));

        Assert.That(result.Verdicts[2].Kind, Is.EqualTo(VerdictKind.Inserted));
        Assert.That((await _real.GetAsync([honest.Id])).Single(), Is.EqualTo(honest), "with the honest signature");
    }

    [Test]
    public async Task Forged_copy_in_an_earlier_batch_does_not_exclude_the_genuine_record()
    {
        var honest = Samples.Linktree();
        var processor = Processor(_verifier);

        await processor.ProcessAsync(Peer, [honest.Forged()]);
        var result = await processor.ProcessAsync(Peer, [honest]);

        Assert.That(result.Verdicts.Single().Kind, Is.EqualTo(VerdictKind.Inserted));
    }

    [Test]
    public async Task Second_valid_signature_over_the_same_bytes_is_the_same_record()
    {
        var linktree = Samples.Linktree();

        var result = await ProcessAsync(linktree, linktree.Resigned(7));

        Assert.That(result.Verdicts.Select(verdict => verdict.Kind), Is.EqualTo(new[] { VerdictKind.Inserted, VerdictKind.Unchanged }));
    }

    [Test]
    public async Task Forged_newer_version_does_not_displace_the_genuine_older_one()
    {
        var honest = Samples.Linktree(timestamp: 1);

        var result = await ProcessAsync(Samples.Linktree(timestamp: 2).Forged(), honest);

        Assert.That(result.Verdicts[1].Kind, Is.EqualTo(VerdictKind.Inserted));
    }

    [Test]
    public async Task Newest_identities_of_an_author_are_kept()
    {
        var result = await ProcessAsync(Samples.Linktree(uuid: "a", timestamp: 3), Samples.Linktree(uuid: "b", timestamp: 2), Samples.Linktree(uuid: "c", timestamp: 1));

        Assert.That(result.Verdicts.Select(verdict => verdict.Kind), Is.EqualTo(new[] { VerdictKind.Inserted, VerdictKind.Inserted, VerdictKind.Superseded }));
    }

    [Test]
    public async Task Earliest_due_time_is_that_of_the_earliest_early_record()
    {
        var result = await ProcessAsync(
            Samples.Linktree(uuid: "a", timestamp: 3_000_000_000_000), Samples.Linktree(uuid: "b", timestamp: 2_000_000_000_000), Samples.Linktree(uuid: "c"));

        Assert.That(result.EarliestDue, Is.EqualTo(2_000_000_000_000 - 600_000));
    }

    [Test]
    public async Task Batch_without_early_records_has_no_due_time() => Assert.That((await ProcessAsync(Samples.Linktree())).EarliestDue, Is.Null);

    [Test]
    public async Task Batch_verifier_gets_the_batch_in_one_call()
    {
        var batch = new FakeBatchVerifier();

        var result = await Processor(batch).ProcessAsync(Peer, [Samples.Linktree(1), Samples.Linktree(2).Forged(), Samples.Linktree(3), Samples.Linktree(4, taskId: "other")]);

        Assert.That(batch.Batches, Is.EqualTo(new[] { 3 }));
        Assert.That(batch.Checks, Is.Zero);
        Assert.That(result.Verdicts[1].Reason, Is.EqualTo(RejectionReason.BadSignature));
        Assert.That(result.Verdicts[2].Kind, Is.EqualTo(VerdictKind.Inserted));
    }

    [Test]
    public async Task Exception_of_the_verifier_is_a_fault_and_nothing_is_stored()
    {
        var verifier = new Mock<ISignatureVerifier>();
        var fault = new ArithmeticException();
        verifier.Setup(service => service.Verify(It.IsAny<SignedLinktree>())).Throws(fault);

        var result = await Processor(verifier.Object).ProcessAsync(Peer, [Samples.Linktree(), Samples.Linktree(taskId: "other")]);

        Assert.That(result.Fault, Is.EqualTo(new ServiceFault(nameof(ISignatureVerifier), fault)));
        Assert.That(result.Verdicts, Is.Empty);
        _store.Verify(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>()), Times.Never);
    }

    [Test]
    public void Wrong_number_of_outcomes_is_an_exception_that_names_the_method()
    {
        _store.Setup(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>())).ReturnsAsync([]);

        Assert.That(
            async () => await ProcessAsync(Samples.Linktree(1), Samples.Linktree(2), Samples.Linktree(3)),
            Throws.InvalidOperationException.With.Message.EqualTo("ILinktreeStore.PutAsync returned 0 outcomes for 3 records."));
    }

    [Test]
    public void Wrong_number_of_versions_is_an_exception_that_names_the_method()
    {
        _store.Setup(store => store.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>())).ReturnsAsync([]);

        Assert.That(
            async () => await ProcessAsync(Samples.Linktree()),
            Throws.InvalidOperationException.With.Message.EqualTo("ILinktreeStore.GetVersionsAsync returned 0 versions for 1 keys."));
    }

    [Test]
    public void Undefined_outcome_is_an_exception_that_names_the_method()
    {
        _store.Setup(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>())).ReturnsAsync([(PutOutcome)17]);

        Assert.That(
            async () => await ProcessAsync(Samples.Linktree()),
            Throws.InvalidOperationException.With.Message.EqualTo("ILinktreeStore.PutAsync returned the outcome 17, which does not exist."));
    }

    [Test]
    public async Task Bad_signature_is_checked_once_and_rejected_again()
    {
        var processor = Processor(_verifier);
        var forged = Samples.Linktree().Forged();

        var first = await processor.ProcessAsync(Peer, [forged]);
        var second = await processor.ProcessAsync(NodeAddress.Parse("http://other.example"), [forged]);
        var posted = await processor.ProcessSubmissionAsync([forged], default);

        Assert.That(_verifier.Checks, Is.EqualTo(1));
        Assert.That((first.FailedChecks, second.FailedChecks, posted.FailedChecks), Is.EqualTo((1, 0, 0)));
        Assert.That(new[] { first, second, posted }.Select(result => result.Verdicts.Single()), Is.All.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.BadSignature)));
    }

    [Test]
    public async Task Record_beyond_the_limit_of_its_author_is_checked_once()
    {
        var processor = Processor(_verifier);
        SignedLinktree[] page = [Samples.Linktree(uuid: "a", timestamp: 3), Samples.Linktree(uuid: "b", timestamp: 2), Samples.Linktree(uuid: "c", timestamp: 1)];

        await processor.ProcessAsync(Peer, page);
        var again = await processor.ProcessAsync(Peer, page);

        Assert.That(_verifier.Checks, Is.EqualTo(3));
        Assert.That(again.Verdicts.Select(verdict => verdict.Kind), Is.EqualTo(new[] { VerdictKind.Unchanged, VerdictKind.Unchanged, VerdictKind.Superseded }));
    }

    [Test]
    public async Task Replaced_version_is_cached_as_superseded([Values] bool submitted)
    {
        var old = Samples.Linktree(timestamp: 1);
        var processor = Processor(_verifier);
        await processor.ProcessAsync(Peer, [old]);

        var newer = Samples.Linktree(timestamp: 2);
        _ = submitted ? await processor.ProcessSubmissionAsync([newer], default) : await processor.ProcessAsync(Peer, [newer]);

        Assert.That(_rejections.IsWorthFetching(Peer, old.Id), Is.False);
        Assert.That(_rejections.IsWorthFetching(Peer, newer.Id), Is.True);
    }

    [Test]
    public async Task Policy_is_asked_last_and_its_rejection_is_not_cached()
    {
        var policy = new Mock<IAdmissionPolicy>();
        var processor = Processor(_verifier, policy.Object);
        SignedLinktree[] page = [Samples.Linktree(1), Samples.Linktree(2), Samples.Linktree(3).Forged(), Samples.Linktree(4, taskId: "other")];
        policy.Setup(service => service.IsAdmittedAsync(page[0], It.IsAny<CancellationToken>())).ReturnsAsync(true);

        var first = await processor.ProcessAsync(Peer, page);
        policy.Setup(service => service.IsAdmittedAsync(page[1], It.IsAny<CancellationToken>())).ReturnsAsync(true);
        var second = await processor.ProcessAsync(Peer, page);

        Assert.That(first.Verdicts[1], Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.Policy)));
        Assert.That(first.FailedChecks, Is.EqualTo(1), "no fault of the peer");
        Assert.That(second.Verdicts.Select(verdict => verdict.Kind), Is.EqualTo(new[] { VerdictKind.Unchanged, VerdictKind.Inserted, VerdictKind.Rejected, VerdictKind.Rejected }));
        policy.Verify(service => service.IsAdmittedAsync(It.IsAny<SignedLinktree>(), It.IsAny<CancellationToken>()), Times.Exactly(3));
    }

    [Test]
    public async Task Exception_of_the_policy_is_a_fault_and_nothing_is_stored()
    {
        var policy = new Mock<IAdmissionPolicy>();
        var fault = new TimeoutException();
        policy.Setup(service => service.IsAdmittedAsync(Samples.Linktree(1), It.IsAny<CancellationToken>())).ReturnsAsync(true);
        policy.Setup(service => service.IsAdmittedAsync(Samples.Linktree(2), It.IsAny<CancellationToken>())).ThrowsAsync(fault);

        var result = await Processor(_verifier, policy.Object).ProcessAsync(Peer, [Samples.Linktree(1), Samples.Linktree(2)]);

        Assert.That(result.Fault, Is.EqualTo(new ServiceFault(nameof(IAdmissionPolicy), fault)));
        _store.Verify(store => store.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>()), Times.Never);
    }

    // Task and clock.

    [TestCase("TASK", TestName = "Task_ids_are_compared_ordinally")]
    [TestCase("", TestName = "Empty_task_id_is_another_task")]
    public async Task Similar_task_id_is_another_task(string taskId) =>
        Assert.That((await ProcessAsync(Samples.Linktree(taskId: taskId))).Verdicts.Single().Reason, Is.EqualTo(RejectionReason.OtherTask));

    [TestCase("task")]
    [TestCase(null)]
    public async Task Record_of_the_own_task_or_of_none_is_stored(string? taskId) =>
        Assert.That((await ProcessAsync(Samples.Linktree(taskId: taskId))).Verdicts.Single().Kind, Is.EqualTo(VerdictKind.Inserted));

    [Test]
    public async Task Record_of_another_task_is_rejected_even_if_it_is_too_early() =>
        Assert.That(
            (await ProcessAsync(Samples.Linktree(taskId: "other", timestamp: 9_007_199_254_740_991))).Verdicts.Single(),
            Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.OtherTask)));

    [TestCase(0, VerdictKind.Inserted)]
    [TestCase(1, VerdictKind.NotYetValid)]
    public async Task Record_may_be_ahead_by_the_clock_skew_and_not_by_a_millisecond_more(int more, VerdictKind verdict)
    {
        var ahead = Samples.Linktree(timestamp: _clock.GetUtcNow().AddMinutes(10).ToUnixTimeMilliseconds() + more);

        Assert.That((await ProcessAsync(ahead)).Verdicts.Single().Kind, Is.EqualTo(verdict));
    }

    [Test]
    public async Task Fraction_of_a_millisecond_on_the_clock_does_not_make_a_record_due()
    {
        var ahead = Samples.Linktree(timestamp: _clock.GetUtcNow().AddMinutes(10).ToUnixTimeMilliseconds() + 1);

        _clock.Advance(TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond - 1));
        Assert.That((await ProcessAsync(ahead)).Verdicts.Single().Kind, Is.EqualTo(VerdictKind.NotYetValid));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That((await ProcessAsync(ahead)).Verdicts.Single().Kind, Is.EqualTo(VerdictKind.Inserted));
    }

    [Test]
    public void Record_is_due_at_its_timestamp_less_the_clock_skew() =>
        Assert.That(Processor(_verifier).GetDueTime(Samples.Linktree(timestamp: 1_000_000)), Is.EqualTo(400_000));

    [Test]
    public async Task Greater_id_is_newer_at_equal_timestamps()
    {
        var one = Samples.Linktree(name: "one");
        var other = Samples.Linktree(name: "other");
        var (lesser, greater) = one.Id < other.Id ? (one, other) : (other, one);

        Assert.That((await ProcessAsync(lesser)).Verdicts.Single().Kind, Is.EqualTo(VerdictKind.Inserted));
        Assert.That((await ProcessAsync(greater)).Verdicts.Single().Kind, Is.EqualTo(VerdictKind.Replaced));
        Assert.That((await ProcessAsync(lesser)).Verdicts.Single().Kind, Is.EqualTo(VerdictKind.Superseded));
    }

    private RecordProcessor Processor(ISignatureVerifier verifier, IAdmissionPolicy? policy = null) =>
        new(new DbSharingOptions { TaskId = "task" }, _rejections, verifier, verifier as IBatchSignatureVerifier, policy, _store.Object, _clock);

    private Task<BatchResult> ProcessAsync(params SignedLinktree[] linktrees) => Processor(_verifier).ProcessAsync(Peer, linktrees);
}
