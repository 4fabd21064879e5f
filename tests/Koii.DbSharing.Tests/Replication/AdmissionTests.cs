using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

public sealed class AdmissionTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Admission _admission = new("task", TimeSpan.FromMinutes(10));

    [Test]
    public void Record_of_another_task_is_rejected_even_when_it_is_too_early() =>
        Assert.That(
            _admission.Judge(Samples.Linktree(taskId: "other", timestamp: 9_007_199_254_740_991), Now),
            Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.OtherTask)));

    [TestCase("TASK", TestName = "Task_ids_are_compared_unit_by_unit")]
    [TestCase("", TestName = "Empty_task_id_is_another_task")]
    public void Near_misses_are_other_tasks(string taskId) =>
        Assert.That(_admission.Judge(Samples.Linktree(taskId: taskId), Now)?.Reason, Is.EqualTo(RejectionReason.OtherTask));

    [TestCase("task")]
    [TestCase(null)]
    public void Record_of_the_own_task_or_of_none_depends_on_what_is_held(string? taskId) =>
        Assert.That(_admission.Judge(Samples.Linktree(taskId: taskId), Now), Is.Null);

    [TestCase(0, false)]
    [TestCase(1, true)]
    public void Record_may_be_ahead_by_the_skew_and_not_by_a_millisecond_more(int more, bool tooEarly)
    {
        var ahead = Samples.Linktree(timestamp: Now.AddMinutes(10).ToUnixTimeMilliseconds() + more);

        Assert.That(_admission.Judge(ahead, Now)?.Kind, Is.EqualTo(tooEarly ? VerdictKind.NotYetValid : null));
    }

    [Test]
    public void Fractions_of_a_millisecond_on_the_clock_do_not_let_a_record_in_early()
    {
        var ahead = Samples.Linktree(timestamp: Now.AddMinutes(10).ToUnixTimeMilliseconds() + 1);

        Assert.That(_admission.Judge(ahead, Now.AddTicks(TimeSpan.TicksPerMillisecond - 1))?.Kind, Is.EqualTo(VerdictKind.NotYetValid));
        Assert.That(_admission.Judge(ahead, Now.AddMilliseconds(1)), Is.Null);
    }

    [Test]
    public void Greatest_timestamp_is_not_yet_valid() =>
        Assert.That(_admission.Judge(Samples.Linktree(timestamp: 9_007_199_254_740_991), DateTimeOffset.MaxValue)?.Kind, Is.EqualTo(VerdictKind.NotYetValid));

    [Test]
    public void Record_is_due_by_the_skew_before_its_timestamp() =>
        Assert.That(_admission.DueAt(Samples.Linktree(timestamp: 1_000_000)), Is.EqualTo(400_000));

    [Test]
    public void Record_that_is_held_is_unchanged()
    {
        var version = Samples.Linktree().Version;

        Assert.That(Admission.Judge(version, version)?.Kind, Is.EqualTo(VerdictKind.Unchanged));
    }

    [Test]
    public void Record_older_than_the_held_one_is_superseded() =>
        Assert.That(Admission.Judge(Samples.Linktree(timestamp: 1).Version, Samples.Linktree(timestamp: 2).Version)?.Kind, Is.EqualTo(VerdictKind.Superseded));

    [Test]
    public void Record_newer_than_the_held_one_is_left_to_its_signature() =>
        Assert.That(Admission.Judge(Samples.Linktree(timestamp: 2).Version, Samples.Linktree(timestamp: 1).Version), Is.Null);

    [Test]
    public void Record_of_an_unknown_identity_is_left_to_its_signature() =>
        Assert.That(Admission.Judge(Samples.Linktree().Version, null), Is.Null);

    [Test]
    public void Of_equal_timestamps_the_greater_id_is_newer()
    {
        var one = Samples.Linktree(name: "one").Version;
        var other = Samples.Linktree(name: "other").Version;
        var (lesser, greater) = one.Id < other.Id ? (one, other) : (other, one);

        Assert.That(Admission.Judge(greater, lesser), Is.Null);
        Assert.That(Admission.Judge(lesser, greater)?.Kind, Is.EqualTo(VerdictKind.Superseded));
    }
}
