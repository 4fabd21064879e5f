using Koii.DbSharing.Nodes;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PeerMemoryTests
{
    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");
    private static readonly PeerFailure Dead = new(PeerFailureKind.Unreachable);

    private readonly ManualTimeProvider _clock = new();
    private readonly PeerMemory _memory;

    public PeerMemoryTests() => _memory = new PeerMemory(_clock);

    [Test]
    public void Unknown_peer_has_no_entity_tag_and_is_not_long_good()
    {
        Assert.That(_memory.EntityTagFor(Peer), Is.Null);
        Assert.That(_memory.IsLongGood(Peer), Is.False);
    }

    [Test]
    public void Entity_tag_of_a_list_that_was_judged_to_its_end_is_kept()
    {
        Remember("tag");

        Assert.That(_memory.EntityTagFor(Peer), Is.EqualTo("tag"));
        Assert.That(_memory.EntityTagFor(NodeAddress.Parse("http://other.example")), Is.Null);
    }

    [Test]
    public void List_without_an_entity_tag_drops_the_one_before()
    {
        Remember("tag");
        Remember(null);

        Assert.That(_memory.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Entity_tag_of_a_broken_list_is_not_kept()
    {
        Remember("tag", failure: new PeerFailure(PeerFailureKind.Interrupted));

        Assert.That(_memory.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Failure_leaves_the_entity_tag_of_an_earlier_list()
    {
        Remember("tag");
        Remember(null, path: PeerPath.None, failure: Dead);

        Assert.That(_memory.EntityTagFor(Peer), Is.EqualTo("tag"));
    }

    [Test]
    public void Entity_tag_is_not_kept_when_a_record_found_the_store_full()
    {
        Remember("tag", verdicts: new VerdictCounts { Inserted = 5, Full = 1 });

        Assert.That(_memory.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Entity_tag_is_sent_until_the_first_record_to_come_is_due()
    {
        Remember("tag", earliestDue: _clock.GetUtcNow().AddMinutes(5).ToUnixTimeMilliseconds());

        _clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        Assert.That(_memory.EntityTagFor(Peer), Is.EqualTo("tag"));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(_memory.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Entity_tag_expires_an_hour_after_the_list_was_read_and_not_modified_does_not_renew_it()
    {
        Remember("tag");

        _clock.Advance(TimeSpan.FromMinutes(59));
        Remember(null, path: PeerPath.NotModified);
        Assert.That(_memory.EntityTagFor(Peer), Is.EqualTo("tag"));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That(_memory.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Excessive_entity_tag_is_not_kept()
    {
        Remember(new string('x', PeerMemory.MaxEntityTagLength + 1));

        Assert.That(_memory.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Peer_is_long_good_a_day_after_its_first_success()
    {
        Remember(null);
        _clock.Advance(TimeSpan.FromHours(12));
        Remember(null, path: PeerPath.NotModified);

        _clock.Advance(TimeSpan.FromHours(12) - TimeSpan.FromTicks(1));
        Assert.That(_memory.IsLongGood(Peer), Is.False);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_memory.IsLongGood(Peer), Is.True);
    }

    [Test]
    public void Failure_makes_a_peer_start_anew()
    {
        Remember(null);
        _clock.Advance(TimeSpan.FromDays(1));
        Remember(null, path: PeerPath.None, failure: Dead);
        Remember(null);

        Assert.That(_memory.IsLongGood(Peer), Is.False);
    }

    [Test]
    public void Bad_signatures_that_strangers_posted_do_not_cost_a_peer_its_standing()
    {
        Remember(null);
        _clock.Advance(TimeSpan.FromDays(1));
        Remember(null, failure: new PeerFailure(PeerFailureKind.TooManyBadSignatures));

        Assert.That(_memory.IsLongGood(Peer), Is.True);
    }

    [Test]
    public void Ever_new_addresses_neither_grow_the_memory_nor_push_out_a_good_peer()
    {
        Remember("tag");
        for (var i = 0; i < 3 * PeerMemory.Capacity; i++)
            Remember(null, path: PeerPath.None, failure: Dead, peer: NodeAddress.Parse($"http://flood{i}.example"));

        Assert.That(_memory.Count, Is.AtMost(PeerMemory.Capacity));
        Assert.That(_memory.EntityTagFor(Peer), Is.EqualTo("tag"));
    }

    private void Remember(
        string? entityTag,
        PeerPath path = PeerPath.FullList,
        VerdictCounts? verdicts = null,
        PeerFailure? failure = null,
        long? earliestDue = null,
        NodeAddress? peer = null) =>
        _memory.Remember(new PeerReport(peer ?? Peer, path, verdicts ?? VerdictCounts.None, 0, TimeSpan.Zero, failure), entityTag, earliestDue);
}
