using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class JudgedListsTests
{
    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");
    private static readonly PeerFailure Dead = new(PeerFailureKind.Unreachable);

    private readonly ManualTimeProvider _clock = new();
    private readonly JudgedLists _lists;

    public JudgedListsTests() => _lists = new JudgedLists(_clock);

    [Test]
    public void Unknown_peer_has_no_entity_tag() => Assert.That(_lists.EntityTagFor(Peer), Is.Null);

    [Test]
    public void Entity_tag_of_a_list_that_was_judged_to_its_end_is_kept()
    {
        Remember("tag");

        Assert.That(_lists.EntityTagFor(Peer), Is.EqualTo("tag"));
        Assert.That(_lists.EntityTagFor(NodeAddress.Parse("http://other.example")), Is.Null);
    }

    [Test]
    public void List_without_an_entity_tag_drops_the_one_before()
    {
        Remember("tag");
        Remember(null);

        Assert.That(_lists.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Entity_tag_of_a_broken_list_is_not_kept()
    {
        Remember("tag", failure: new PeerFailure(PeerFailureKind.Interrupted));

        Assert.That(_lists.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Failure_leaves_the_entity_tag_of_an_earlier_list()
    {
        Remember("tag");
        Remember(null, path: PeerPath.None, failure: Dead);

        Assert.That(_lists.EntityTagFor(Peer), Is.EqualTo("tag"));
    }

    [Test]
    public void Entity_tag_is_not_kept_when_a_record_found_the_store_full()
    {
        Remember("tag", verdicts: new VerdictCounts { Inserted = 5, Full = 1 });

        Assert.That(_lists.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Entity_tag_is_sent_until_the_first_record_to_come_is_due()
    {
        Remember("tag", earliestDue: _clock.GetUtcNow().AddMinutes(5).ToUnixTimeMilliseconds());

        _clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        Assert.That(_lists.EntityTagFor(Peer), Is.EqualTo("tag"));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(_lists.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Entity_tag_expires_an_hour_after_the_list_was_read_and_not_modified_does_not_renew_it()
    {
        Remember("tag");

        _clock.Advance(TimeSpan.FromMinutes(59));
        Remember(null, path: PeerPath.NotModified);
        Assert.That(_lists.EntityTagFor(Peer), Is.EqualTo("tag"));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That(_lists.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Excessive_entity_tag_is_not_kept()
    {
        Remember(new string('x', JudgedLists.MaxEntityTagLength + 1));

        Assert.That(_lists.EntityTagFor(Peer), Is.Null);
    }

    [Test]
    public void Entity_tag_is_not_kept_when_the_policy_refused_a_record()
    {
        Remember("tag", verdicts: new VerdictCounts { Inserted = 5, RejectedByReason = new Dictionary<RejectionReason, long> { [RejectionReason.Policy] = 1 } });

        Assert.That(_lists.EntityTagFor(Peer), Is.Null, "the policy may let it in the next time");
    }

    private void Remember(
        string? entityTag, PeerPath path = PeerPath.FullList, VerdictCounts? verdicts = null, PeerFailure? failure = null, long? earliestDue = null) =>
        _lists.Remember(new PeerReport(Peer) { Path = path, Verdicts = verdicts ?? VerdictCounts.None, Failure = failure }, entityTag, earliestDue);
}
