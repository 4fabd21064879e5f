using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RejectionCacheTests
{
    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");
    private static readonly NodeAddress Other = NodeAddress.Parse("http://other.example");
    private static readonly Verdict BadSignature = new(VerdictKind.Rejected, RejectionReason.BadSignature);

    private readonly FakeClock _clock = new();
    private readonly RejectionCache _cache;

    public RejectionCacheTests() => _cache = new RejectionCache(_clock);

    [Test]
    public void New_cache_is_empty()
    {
        Assert.That(_cache.IsBadSignature(Samples.Linktree()), Is.False);
        Assert.That(_cache.IsSettled(Samples.Linktree().Id), Is.False);
        Assert.That(_cache.IsWorthFetching(Peer, Samples.Linktree().Id), Is.True);
        Assert.That(_cache.IsExhausted(Peer), Is.False);
    }

    [Test]
    public void Bad_signature_affects_neither_the_id_nor_another_signature()
    {
        var honest = Samples.Linktree();
        _cache.AddBadSignature(Peer, honest.Forged(1));

        Assert.That(_cache.IsBadSignature(honest.Forged(1)), Is.True);
        Assert.That(_cache.IsBadSignature(honest.Forged(2)), Is.False);
        Assert.That(_cache.IsBadSignature(honest), Is.False);
        Assert.That(_cache.IsSettled(honest.Id), Is.False);
        Assert.That(_cache.IsWorthFetching(Peer, honest.Id), Is.True, "a list is not a delivery");
    }

    [Test]
    public void Bad_signature_of_one_record_does_not_affect_another()
    {
        _cache.AddBadSignature(Peer, Samples.Linktree(1).Forged());

        Assert.That(_cache.IsBadSignature(Samples.Linktree(2).Forged()), Is.False);
    }

    [Test]
    public void Bad_delivery_prevents_fetching_from_that_peer_only()
    {
        var honest = Samples.Linktree();
        _cache.AddFetched(Peer, honest.Forged(), BadSignature, dueAt: 0);

        Assert.That(_cache.IsWorthFetching(Peer, honest.Id), Is.False);
        Assert.That(_cache.IsWorthFetching(Other, honest.Id), Is.True);
        Assert.That(_cache.IsSettled(honest.Id), Is.False);
    }

    [TestCase(VerdictKind.Superseded, RejectionReason.None)]
    [TestCase(VerdictKind.Rejected, RejectionReason.OtherTask)]
    public void Verdict_that_follows_from_the_content_applies_to_all_peers(VerdictKind kind, RejectionReason reason)
    {
        _cache.AddFetched(Peer, Samples.Linktree(), new Verdict(kind, reason), dueAt: 0);

        Assert.That(_cache.IsSettled(Samples.Linktree().Id), Is.True);
        Assert.That(_cache.IsWorthFetching(Other, Samples.Linktree().Id), Is.False);
    }

    [Test]
    public void Early_record_is_not_fetched_until_it_is_due()
    {
        var due = _clock.GetUtcNow().AddMinutes(5).ToUnixTimeMilliseconds();
        _cache.AddFetched(Peer, Samples.Linktree(), new Verdict(VerdictKind.NotYetValid), due);

        _clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        Assert.That(_cache.IsSettled(Samples.Linktree().Id), Is.True);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(_cache.IsWorthFetching(Peer, Samples.Linktree().Id), Is.True);
    }

    [TestCase(VerdictKind.Inserted, RejectionReason.None)]
    [TestCase(VerdictKind.Replaced, RejectionReason.None)]
    [TestCase(VerdictKind.Unchanged, RejectionReason.None)]
    [TestCase(VerdictKind.Rejected, RejectionReason.Policy)]
    public void Verdict_that_may_change_is_not_cached(VerdictKind kind, RejectionReason reason)
    {
        _cache.AddFetched(Peer, Samples.Linktree(), new Verdict(kind, reason), dueAt: long.MaxValue);

        Assert.That(_cache.Count, Is.Zero);
    }

    [Test]
    public void Record_for_which_the_store_is_full_is_not_fetched_again()
    {
        _cache.AddFull(Samples.Linktree().Id);

        Assert.That(_cache.IsWorthFetching(Peer, Samples.Linktree().Id), Is.False);
        Assert.That(_cache.IsWorthFetching(Other, Samples.Linktree().Id), Is.False);
        Assert.That((_cache.IsFull(Samples.Linktree().Id), _cache.IsSettled(Samples.Linktree().Id)), Is.EqualTo((true, false)));
    }

    [Test]
    public void Entries_live_for_one_to_two_hours()
    {
        _clock.Advance(TimeSpan.FromMinutes(59));
        _cache.AddSuperseded(Samples.Linktree().Id);

        _clock.Advance(TimeSpan.FromMinutes(60));
        Assert.That(_cache.IsSettled(Samples.Linktree().Id), Is.True);
        _clock.Advance(TimeSpan.FromMinutes(60));
        Assert.That(_cache.IsSettled(Samples.Linktree().Id), Is.False);
        Assert.That(_cache.Count, Is.Zero);
    }

    [Test]
    public void Entries_do_not_outlive_a_long_pause()
    {
        _cache.AddSuperseded(Samples.Linktree().Id);
        _clock.Advance(TimeSpan.FromHours(2));

        Assert.That(_cache.IsSettled(Samples.Linktree().Id), Is.False);
    }

    [Test]
    public void Peer_that_used_up_its_entries_is_exhausted_for_an_hour()
    {
        for (var i = 0; i < RejectionCache.MaxEntriesPerPeer; i++)
            _cache.AddUndelivered(Peer, Id(i));
        Assert.That(_cache.IsExhausted(Peer), Is.False);
        _cache.AddUndelivered(Peer, Id(-1));
        _cache.AddUndelivered(Other, Id(-2));

        Assert.That(_cache.Count, Is.EqualTo(RejectionCache.MaxEntriesPerPeer + 1));
        Assert.That(_cache.IsWorthFetching(Peer, Id(-1)), Is.True);
        Assert.That(_cache.IsWorthFetching(Other, Id(-2)), Is.False, "the others have their own");
        _clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        Assert.That((_cache.IsExhausted(Peer), _cache.IsExhausted(Other)), Is.EqualTo((true, false)));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_cache.IsExhausted(Peer), Is.False);
    }

    [Test]
    public void Peer_whose_entries_are_still_used_up_after_the_hour_is_exhausted_again()
    {
        // It fills its share at the end of one generation and causes more half-way through the next.
        for (var i = 0; i < RejectionCache.MaxEntriesPerPeer; i++)
            _cache.AddUndelivered(Peer, Id(i));
        _clock.Advance(TimeSpan.FromMinutes(30));
        _cache.AddUndelivered(Peer, Id(-1));
        _clock.Advance(TimeSpan.FromMinutes(30));
        Assert.That((_cache.IsExhausted(Peer), _cache.IsWorthFetching(Peer, Id(0))), Is.EqualTo((true, false)));
        _clock.Advance(TimeSpan.FromMinutes(30));
        Assert.That(_cache.IsExhausted(Peer), Is.False);

        _cache.AddUndelivered(Peer, Id(-2));

        Assert.That((_cache.IsWorthFetching(Peer, Id(-2)), _cache.IsExhausted(Peer)), Is.EqualTo((true, true)), "what is not remembered is not to be fetched round after round");
    }

    [Test]
    public void What_puts_supersede_and_what_finds_no_space_uses_up_the_entries_of_no_peer()
    {
        for (var i = 0; i <= RejectionCache.MaxEntriesPerPeer; i++)
        {
            _cache.AddSuperseded(Id(2 * i));
            _cache.AddFull(Id((2 * i) + 1));
        }

        Assert.That(_cache.IsExhausted(Peer), Is.False);
    }

    [Test]
    public void Repetitions_use_up_no_entries()
    {
        for (var i = 0; i <= RejectionCache.MaxEntriesPerPeer; i++)
            _cache.AddUndelivered(Peer, Id(i % 10));

        Assert.That(_cache.IsExhausted(Peer), Is.False);
        Assert.That(_cache.Count, Is.EqualTo(10));
    }

    [Test]
    public void Entries_of_many_peers_stay_within_the_capacity()
    {
        for (var i = 0; i < 3 * RejectionCache.Capacity; i++)
            _cache.AddUndelivered(NodeAddress.Parse($"http://peer{i % 50}.example"), Id(i));

        Assert.That(_cache.Count, Is.AtMost(RejectionCache.Capacity));
    }

    [Test]
    public void Cleared_cache_is_empty()
    {
        _cache.AddSuperseded(Samples.Linktree().Id);
        _cache.Clear();

        Assert.That(_cache.IsSettled(Samples.Linktree().Id), Is.False);
    }

    private static LinktreeId Id(int number)
    {
        Span<byte> bytes = stackalloc byte[LinktreeId.Size];
        BitConverter.TryWriteBytes(bytes, number);
        return new LinktreeId(bytes);
    }
}
