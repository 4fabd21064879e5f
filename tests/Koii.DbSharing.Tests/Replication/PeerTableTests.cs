using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PeerTableTests
{
    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");
    private static readonly NodeAddress Other = NodeAddress.Parse("http://other.example");
    private static readonly PeerFailure Dead = new(PeerFailureKind.Unreachable);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    private readonly FakeClock _clock = new();
    private readonly FixedRandom _random = new();
    private readonly PeerTable _table;

    public PeerTableTests() => _table = new PeerTable(Interval, _clock, _random);

    // State and backoff.

    [Test]
    public void Unknown_peer_is_ready() => Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.Ready));

    [Test]
    public void Peer_is_proven_a_day_after_its_first_success()
    {
        Record(null);
        _clock.Advance(TimeSpan.FromHours(12));
        Record(null);

        _clock.Advance(TimeSpan.FromHours(12) - TimeSpan.FromTicks(1));
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.Ready));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.Proven));
    }

    [Test]
    public void Failure_ends_the_proven_state()
    {
        Record(null);
        _clock.Advance(TimeSpan.FromDays(1));
        Record(Dead);
        Record(null);

        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.Ready));
    }

    [Test]
    public void Backoff_doubles_from_one_round()
    {
        var skipped = new List<int>();
        for (var failure = 0; failure < 5; failure++)
        {
            Record(Dead);
            skipped.Add(RoundsSkipped());
        }

        Assert.That(skipped, Is.EqualTo(new[] { 1, 2, 4, 8, 16 }));

        int RoundsSkipped()
        {
            for (var rounds = 0; ; rounds++)
            {
                _clock.Advance(Interval);
                if (_table.GetState(Peer) == PeerState.RetryDue)
                    return rounds;
            }
        }
    }

    [TestCase(0.0, 20)]
    [TestCase(1.0, 30)]
    public void Backoff_is_at_most_half_an_hour_with_its_variation(double value, int minutes)
    {
        _random.Value = value;
        for (var failure = 0; failure < 100; failure++)
            Record(Dead);

        _clock.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromTicks(1));
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.BackingOff));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.RetryDue));
    }

    [Test]
    public void One_success_ends_the_backoff()
    {
        for (var failure = 0; failure < 10; failure++)
            Record(Dead);
        Record(null);
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.Ready));

        Record(Dead);
        _clock.Advance(2 * Interval);
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.RetryDue), "one round, as after the first failure of all");
    }

    [Test]
    public void Retry_after_extends_the_backoff()
    {
        Record(new PeerFailure(PeerFailureKind.HttpStatus) { StatusCode = 503, RetryAfter = TimeSpan.FromHours(1) });

        _clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.BackingOff));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.RetryDue));
    }

    [Test]
    public void Retry_after_does_not_shorten_the_backoff()
    {
        Record(new PeerFailure(PeerFailureKind.HttpStatus) { StatusCode = 429, RetryAfter = TimeSpan.Zero });

        _clock.Advance(Interval);
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.BackingOff));
    }

    [Test]
    public void Backoff_of_a_peer_that_brings_new_records_does_not_grow()
    {
        for (var failure = 0; failure < 10; failure++)
            Record(new PeerFailure(PeerFailureKind.TimedOut), new VerdictCounts { Inserted = 1 });

        _clock.Advance(2 * Interval);
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.RetryDue));
    }

    [Test]
    public void Short_pause_is_no_failure_and_is_respected()
    {
        Record(null);
        _clock.Advance(TimeSpan.FromDays(1));
        Record(new PeerFailure(PeerFailureKind.HttpStatus) { StatusCode = 429, RetryAfter = TimeSpan.FromMinutes(1) });

        _clock.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromTicks(1));
        Assert.That((_table.GetState(Peer), _table.FindProbe([Peer])), Is.EqualTo((PeerState.BackingOff, (NodeAddress?)null)));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.Proven));
    }

    [Test]
    public void Backoff_of_a_peer_that_answered_does_not_grow_while_no_peer_answers([Values] bool anotherAnswers)
    {
        Record(null);
        for (var failure = 0; failure < 10; failure++)
        {
            Record(Dead);
            if (anotherAnswers)
                _table.Record(new PeerReport(Other), default, null);
        }

        _clock.Advance(2 * Interval);
        Assert.That(_table.GetState(Peer), Is.EqualTo(anotherAnswers ? PeerState.BackingOff : PeerState.RetryDue));
    }

    [Test]
    public void Backoff_of_a_peer_that_never_answered_grows_while_no_peer_answers()
    {
        for (var failure = 0; failure < 10; failure++)
            Record(Dead);

        _clock.Advance(2 * Interval);
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.BackingOff));
    }

    [Test]
    public void Backoff_of_a_pull_that_was_ended_because_it_was_late_does_not_grow()
    {
        var late = new PeerFailure(PeerFailureKind.TimedOut);
        for (var failure = 0; failure < 10; failure++)
            _table.Record(new PeerReport(Peer) { Failure = late }, new StepResult(PeerPath.None, late) { IsOverdue = true }, null);

        _clock.Advance(2 * Interval);
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.RetryDue));
    }

    [Test]
    public void Probe_is_the_peer_in_backoff_whose_last_attempt_was_longest_ago()
    {
        var third = NodeAddress.Parse("http://third.example");
        foreach (var peer in (NodeAddress[])[Peer, Other, third])
            _table.Record(new PeerReport(peer), default, null);
        foreach (var peer in (NodeAddress[])[Other, Peer])
            _table.Record(new PeerReport(peer) { Failure = Dead }, default, null);

        Assert.That(_table.FindProbe([Peer, Other, third]), Is.EqualTo(Other));
        _table.Record(new PeerReport(Other) { Failure = Dead }, default, null);
        Assert.That(_table.FindProbe([Peer, Other, third]), Is.EqualTo(Peer));
    }

    [Test]
    public void Peer_that_did_not_answer_as_a_node_within_a_day_is_not_probed([Values] bool notFound)
    {
        if (notFound)
            _table.Record(new PeerReport(Peer) { Path = PeerPath.NotFound }, default, null);
        Record(Dead);
        Assert.That(_table.FindProbe([Peer]), Is.Null, "anybody can put an address into the node list");

        Record(null);
        for (var failure = 0; failure < 20; failure++)
        {
            Record(Dead);
            _table.Record(new PeerReport(Other), default, null);
        }

        Assert.That(_table.FindProbe([Peer]), Is.EqualTo(Peer));
        _clock.Advance(TimeSpan.FromDays(1));
        Record(Dead);
        Assert.That(_table.FindProbe([Peer]), Is.Null);
    }

    [TestCase(PeerFailureKind.TooManyBadSignatures)]
    [TestCase(PeerFailureKind.UnexpectedError)]
    [TestCase(PeerFailureKind.TooManyPeersAtAddress)]
    public void Failure_without_fault_of_the_peer_changes_no_state(PeerFailureKind kind)
    {
        Record(new PeerFailure(kind));
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.Ready));

        Record(null);
        _clock.Advance(TimeSpan.FromDays(1));
        Record(new PeerFailure(kind));
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.Proven));
    }

    [TestCase(PeerFailureKind.AddressRefused)]
    [TestCase(PeerFailureKind.Unreachable)]
    [TestCase(PeerFailureKind.TimedOut)]
    [TestCase(PeerFailureKind.TooSlow)]
    [TestCase(PeerFailureKind.TooLarge)]
    [TestCase(PeerFailureKind.NotAList)]
    [TestCase(PeerFailureKind.Interrupted)]
    [TestCase(PeerFailureKind.HttpStatus)]
    [TestCase(PeerFailureKind.Redirected)]
    [TestCase(PeerFailureKind.TaskNotRunning)]
    [TestCase(PeerFailureKind.ProtocolViolation)]
    public void Every_other_failure_starts_a_backoff(PeerFailureKind kind)
    {
        Record(new PeerFailure(kind));

        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.BackingOff));
    }

    [Test]
    public void Ever_new_addresses_neither_grow_the_table_nor_remove_a_proven_peer()
    {
        Record(null);
        _clock.Advance(TimeSpan.FromDays(1));
        for (var i = 0; i < 3 * PeerTable.Capacity; i++)
            _table.Record(new PeerReport(NodeAddress.Parse($"http://flood{i}.example")) { Failure = Dead }, default, null);

        Assert.That(_table.Count, Is.AtMost(PeerTable.Capacity));
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.Proven));
    }

    // Entity tags.

    [Test]
    public void Unknown_peer_has_no_entity_tag() => Assert.That(_table.GetEntityTag(Peer), Is.Null);

    [Test]
    public void Entity_tag_of_a_list_whose_records_were_all_decided_is_kept()
    {
        RecordList("tag");

        Assert.That(_table.GetEntityTag(Peer), Is.EqualTo("tag"));
        Assert.That(_table.GetEntityTag(NodeAddress.Parse("http://other.example")), Is.Null);
    }

    [Test]
    public void List_without_an_entity_tag_removes_the_one_before()
    {
        RecordList("tag");
        RecordList(null);

        Assert.That(_table.GetEntityTag(Peer), Is.Null);
    }

    [Test]
    public void Entity_tag_of_a_broken_list_is_not_kept()
    {
        RecordList("tag", failure: new PeerFailure(PeerFailureKind.Interrupted));

        Assert.That(_table.GetEntityTag(Peer), Is.Null);
    }

    [Test]
    public void Failure_leaves_the_entity_tag_of_an_earlier_list()
    {
        RecordList("tag");
        RecordList(null, path: PeerPath.None, failure: Dead);

        Assert.That(_table.GetEntityTag(Peer), Is.EqualTo("tag"));
    }

    [Test]
    public void Entity_tag_is_not_kept_if_the_store_was_full_for_a_record()
    {
        RecordList("tag", verdicts: new VerdictCounts { Inserted = 5, Full = 1 });

        Assert.That(_table.GetEntityTag(Peer), Is.Null);
    }

    [Test]
    public void Entity_tag_is_kept_until_the_first_record_that_was_too_early_is_due()
    {
        RecordList("tag", earliestDue: _clock.GetUtcNow().AddMinutes(5).ToUnixTimeMilliseconds());

        _clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        Assert.That(_table.GetEntityTag(Peer), Is.EqualTo("tag"));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(_table.GetEntityTag(Peer), Is.Null);
    }

    [Test]
    public void Entity_tag_expires_an_hour_after_the_list_was_read_and_not_modified_does_not_renew_it()
    {
        RecordList("tag");

        _clock.Advance(TimeSpan.FromMinutes(59));
        RecordList(null, path: PeerPath.NotModified);
        Assert.That(_table.GetEntityTag(Peer), Is.EqualTo("tag"));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That(_table.GetEntityTag(Peer), Is.Null);
    }

    [Test]
    public void Overlong_entity_tag_is_not_kept()
    {
        RecordList(new string('x', PeerTable.MaxEntityTagLength + 1));

        Assert.That(_table.GetEntityTag(Peer), Is.Null);
    }

    [Test]
    public void Entity_tag_is_not_kept_if_the_policy_rejected_a_record()
    {
        RecordList("tag", verdicts: new VerdictCounts { Inserted = 5, RejectedByReason = new Dictionary<RejectionReason, long> { [RejectionReason.Policy] = 1 } });

        Assert.That(_table.GetEntityTag(Peer), Is.Null, "the policy may admit it the next time");
    }

    [Test]
    public void Entity_tag_of_a_list_with_unverified_elements_is_kept_after_a_second_reading_with_the_same()
    {
        RecordList("tag", unverified: 1);
        Assert.That(_table.GetEntityTag(Peer), Is.Null, "the element may have been damaged on the way");
        RecordList("tag", unverified: 2);
        Assert.That(_table.GetEntityTag(Peer), Is.Null);
        RecordList("tag", unverified: 2);
        Assert.That(_table.GetEntityTag(Peer), Is.EqualTo("tag"));
        RecordList("other", unverified: 2);
        Assert.That(_table.GetEntityTag(Peer), Is.Null);
    }

    // The extension and the last list.

    [TestCase(true, 60)]
    [TestCase(false, 10)]
    public void Extension_is_known_for_a_limited_time(bool hasExtension, int minutes)
    {
        _table.Record(new PeerReport(Peer), new StepResult(PeerPath.InSync) { HasExtension = hasExtension }, null);

        _clock.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromTicks(1));
        Assert.That(_table.GetExtension(Peer), Is.EqualTo(hasExtension));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_table.GetExtension(Peer), Is.Null);
    }

    [Test]
    public void Pull_that_learned_nothing_about_the_extension_keeps_what_is_known()
    {
        _table.Record(new PeerReport(Peer), new StepResult(PeerPath.InSync) { HasExtension = true }, null);
        Record(Dead);

        Assert.That(_table.GetExtension(Peer), Is.True);
    }

    [Test]
    public void List_is_recent_for_an_hour()
    {
        Assert.That(_table.HasRecentList(Peer), Is.False);
        RecordList(null);

        _clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        Assert.That(_table.HasRecentList(Peer), Is.True);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_table.HasRecentList(Peer), Is.False);
    }

    [Test]
    public void Failure_of_the_store_removes_what_depends_on_it_and_keeps_the_backoff()
    {
        RecordList("tag");
        _table.Record(new PeerReport(Peer) { Failure = Dead }, new StepResult(PeerPath.None, Dead) { HasExtension = true }, null);

        _table.ForgetStore();

        Assert.That((_table.GetEntityTag(Peer), _table.HasRecentList(Peer), _table.GetExtension(Peer)), Is.EqualTo(((string?)null, false, (bool?)null)));
        Assert.That(_table.GetState(Peer), Is.EqualTo(PeerState.BackingOff));
    }

    // The snapshot.

    [Test]
    public void Snapshot_has_state_failures_and_last_report_of_each_peer_in_the_order_of_addresses()
    {
        var other = NodeAddress.Parse("http://another.example");
        var failed = new PeerReport(Peer) { Failure = Dead };
        _table.Record(failed, default, null);
        _table.Record(failed, default, null);
        var read = new PeerReport(other) { Path = PeerPath.InSync };
        _table.Record(read, new StepResult(PeerPath.InSync) { HasExtension = true }, null);
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.That(_table.GetSnapshot(), Is.EqualTo(new[]
        {
            new PeerStatus(other, PeerState.Ready) { HasExtension = true, LastReport = read, LastReportAt = _clock.GetUtcNow().AddSeconds(-10) },
            new PeerStatus(Peer, PeerState.BackingOff) { ConsecutiveFailures = 2, RetryIn = TimeSpan.FromSeconds(40), LastReport = failed, LastReportAt = _clock.GetUtcNow().AddSeconds(-10) },
        }));
    }

    private void Record(PeerFailure? failure, VerdictCounts? verdicts = null) =>
        _table.Record(new PeerReport(Peer) { Failure = failure, Verdicts = verdicts ?? VerdictCounts.None }, default, null);

    private void RecordList(
        string? entityTag,
        PeerPath path = PeerPath.FullList,
        VerdictCounts? verdicts = null,
        PeerFailure? failure = null,
        long? earliestDue = null,
        ulong unverified = 0) =>
        _table.Record(
            new PeerReport(Peer) { Path = path, Verdicts = verdicts ?? VerdictCounts.None, Failure = failure },
            new StepResult(path, failure) { EntityTag = entityTag, UnverifiedDigest = unverified },
            earliestDue);

    /// <summary>A random source that returns one value.</summary>
    private sealed class FixedRandom : Random
    {
        public double Value { get; set; } = 0.5;

        public override double NextDouble() => Value;
    }
}
