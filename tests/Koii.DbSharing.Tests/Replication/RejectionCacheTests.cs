using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RejectionCacheTests
{
    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");
    private static readonly NodeAddress Other = NodeAddress.Parse("http://other.example");
    private static readonly Verdict BadSignature = new(VerdictKind.Rejected, RejectionReason.BadSignature);

    private readonly ManualTimeProvider _clock = new();
    private readonly RejectionCache _memory;

    public RejectionCacheTests() => _memory = new RejectionCache(_clock);

    [Test]
    public void Nothing_is_known_at_first()
    {
        Assert.That(_memory.IsBadSignature(Samples.Linktree()), Is.False);
        Assert.That(_memory.IsSettled(Samples.Linktree().Id), Is.False);
        Assert.That(_memory.IsWorthFetching(Peer, Samples.Linktree().Id), Is.True);
        Assert.That(_memory.IsExhausted(Peer), Is.False);
    }

    [Test]
    public void Bad_signature_is_known_with_its_record_and_damns_neither_the_id_nor_another_signature()
    {
        var honest = Samples.Linktree();
        _memory.RememberBadSignature(Peer, honest.Forged(1));

        Assert.That(_memory.IsBadSignature(honest.Forged(1)), Is.True);
        Assert.That(_memory.IsBadSignature(honest.Forged(2)), Is.False);
        Assert.That(_memory.IsBadSignature(honest), Is.False);
        Assert.That(_memory.IsSettled(honest.Id), Is.False);
        Assert.That(_memory.IsWorthFetching(Peer, honest.Id), Is.True, "what a list held is no delivery");
    }

    [Test]
    public void Signature_that_is_bad_for_one_record_is_not_known_for_another()
    {
        _memory.RememberBadSignature(Peer, Samples.Linktree(1).Forged());

        Assert.That(_memory.IsBadSignature(Samples.Linktree(2).Forged()), Is.False);
    }

    [Test]
    public void Bad_delivery_keeps_from_fetching_there_and_nowhere_else()
    {
        var honest = Samples.Linktree();
        _memory.RememberFetched(Peer, honest.Forged(), BadSignature, dueAt: 0);

        Assert.That(_memory.IsWorthFetching(Peer, honest.Id), Is.False);
        Assert.That(_memory.IsWorthFetching(Other, honest.Id), Is.True);
        Assert.That(_memory.IsSettled(honest.Id), Is.False);
    }

    [TestCase(VerdictKind.Superseded, RejectionReason.None)]
    [TestCase(VerdictKind.Rejected, RejectionReason.OtherTask)]
    public void What_follows_from_the_content_is_known_by_the_id_whoever_has_it(VerdictKind kind, RejectionReason reason)
    {
        _memory.RememberFetched(Peer, Samples.Linktree(), new Verdict(kind, reason), dueAt: 0);

        Assert.That(_memory.IsSettled(Samples.Linktree().Id), Is.True);
        Assert.That(_memory.IsWorthFetching(Other, Samples.Linktree().Id), Is.False);
    }

    [Test]
    public void Record_that_came_too_early_is_left_alone_until_it_is_due()
    {
        var due = _clock.GetUtcNow().AddMinutes(5).ToUnixTimeMilliseconds();
        _memory.RememberFetched(Peer, Samples.Linktree(), new Verdict(VerdictKind.NotYetValid), due);

        _clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        Assert.That(_memory.IsSettled(Samples.Linktree().Id), Is.True);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(_memory.IsWorthFetching(Peer, Samples.Linktree().Id), Is.True);
    }

    [TestCase(VerdictKind.Inserted, RejectionReason.None)]
    [TestCase(VerdictKind.Replaced, RejectionReason.None)]
    [TestCase(VerdictKind.Unchanged, RejectionReason.None)]
    [TestCase(VerdictKind.Rejected, RejectionReason.Policy)]
    public void What_may_turn_out_otherwise_the_next_time_is_not_remembered(VerdictKind kind, RejectionReason reason)
    {
        _memory.RememberFetched(Peer, Samples.Linktree(), new Verdict(kind, reason), dueAt: long.MaxValue);

        Assert.That(_memory.Count, Is.Zero);
    }

    [Test]
    public void What_found_no_room_is_not_fetched_there_again_and_may_come_from_elsewhere()
    {
        _memory.RememberFetched(Peer, Samples.Linktree(), new Verdict(VerdictKind.Full), dueAt: 0);

        Assert.That(_memory.IsWorthFetching(Peer, Samples.Linktree().Id), Is.False);
        Assert.That(_memory.IsWorthFetching(Other, Samples.Linktree().Id), Is.True);
        Assert.That(_memory.IsSettled(Samples.Linktree().Id), Is.False);
    }

    [Test]
    public void Entries_live_for_one_to_two_hours()
    {
        _clock.Advance(TimeSpan.FromMinutes(59));
        _memory.RememberSuperseded(Peer, Samples.Linktree().Id);

        _clock.Advance(TimeSpan.FromMinutes(60));
        Assert.That(_memory.IsSettled(Samples.Linktree().Id), Is.True);
        _clock.Advance(TimeSpan.FromMinutes(60));
        Assert.That(_memory.IsSettled(Samples.Linktree().Id), Is.False);
        Assert.That(_memory.Count, Is.Zero);
    }

    [Test]
    public void Entries_do_not_outlive_a_long_pause()
    {
        _memory.RememberSuperseded(Peer, Samples.Linktree().Id);
        _clock.Advance(TimeSpan.FromHours(2));

        Assert.That(_memory.IsSettled(Samples.Linktree().Id), Is.False);
    }

    [Test]
    public void Peer_that_used_up_its_share_causes_no_more_entries_and_is_exhausted_for_an_hour()
    {
        for (var i = 0; i < RejectionCache.SharePerPeer; i++)
            _memory.RememberSuperseded(Peer, Id(i));
        Assert.That(_memory.IsExhausted(Peer), Is.False);
        _memory.RememberSuperseded(Peer, Id(-1));
        _memory.RememberSuperseded(Other, Id(-2));

        Assert.That(_memory.Count, Is.EqualTo(RejectionCache.SharePerPeer + 1));
        Assert.That(_memory.IsSettled(Id(-1)), Is.False);
        Assert.That(_memory.IsSettled(Id(-2)), Is.True, "the others have their own");
        _clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        Assert.That((_memory.IsExhausted(Peer), _memory.IsExhausted(Other)), Is.EqualTo((true, false)));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_memory.IsExhausted(Peer), Is.False);
    }

    [Test]
    public void Peer_whose_share_is_still_used_up_after_the_hour_is_exhausted_again()
    {
        // It fills its share at the end of one generation and causes more half-way through the next.
        for (var i = 0; i < RejectionCache.SharePerPeer; i++)
            _memory.RememberSuperseded(Peer, Id(i));
        _clock.Advance(TimeSpan.FromMinutes(30));
        _memory.RememberSuperseded(Peer, Id(-1));
        _clock.Advance(TimeSpan.FromMinutes(30));
        Assert.That((_memory.IsExhausted(Peer), _memory.IsSettled(Id(0))), Is.EqualTo((true, true)));
        _clock.Advance(TimeSpan.FromMinutes(30));
        Assert.That(_memory.IsExhausted(Peer), Is.False);

        _memory.RememberSuperseded(Peer, Id(-2));

        Assert.That((_memory.IsSettled(Id(-2)), _memory.IsExhausted(Peer)), Is.EqualTo((false, true)), "what is not remembered is not to be fetched round after round");
    }

    [Test]
    public void Repeats_do_not_use_up_a_share()
    {
        for (var i = 0; i <= RejectionCache.SharePerPeer; i++)
            _memory.RememberSuperseded(Peer, Id(i % 10));

        Assert.That(_memory.IsExhausted(Peer), Is.False);
        Assert.That(_memory.Count, Is.EqualTo(10));
    }

    [Test]
    public void Flood_from_many_peers_stays_within_the_bound()
    {
        for (var i = 0; i < 3 * RejectionCache.Capacity; i++)
            _memory.RememberSuperseded(NodeAddress.Parse($"http://peer{i % 50}.example"), Id(i));

        Assert.That(_memory.Count, Is.AtMost(RejectionCache.Capacity));
    }

    [Test]
    public void Cleared_it_knows_nothing()
    {
        _memory.RememberSuperseded(null, Samples.Linktree().Id);
        _memory.Clear();

        Assert.That(_memory.IsSettled(Samples.Linktree().Id), Is.False);
    }

    private static LinktreeId Id(int number)
    {
        Span<byte> bytes = stackalloc byte[LinktreeId.Size];
        BitConverter.TryWriteBytes(bytes, number);
        return new LinktreeId(bytes);
    }
}
