using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PeerRestsTests
{
    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");
    private static readonly PeerFailure Dead = new(PeerFailureKind.Unreachable);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    private readonly ManualTimeProvider _clock = new();
    private readonly PeerRests _rests;
    private double _chance = 0.5;

    public PeerRestsTests() => _rests = new PeerRests(_clock, Interval, () => _chance);

    [Test]
    public void Unknown_peer_is_plain() => Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Plain));

    [Test]
    public void Peer_is_long_good_a_day_after_its_first_success()
    {
        Remember(null);
        _clock.Advance(TimeSpan.FromHours(12));
        Remember(null);

        _clock.Advance(TimeSpan.FromHours(12) - TimeSpan.FromTicks(1));
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Plain));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.LongGood));
    }

    [Test]
    public void Failure_makes_a_peer_start_anew()
    {
        Remember(null);
        _clock.Advance(TimeSpan.FromDays(1));
        Remember(Dead);
        Remember(null);

        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Plain));
    }

    [Test]
    public void Peer_that_fails_is_left_alone_for_1_2_4_rounds_and_so_on()
    {
        var leftOut = new List<int>();
        for (var failure = 0; failure < 5; failure++)
        {
            Remember(Dead);
            leftOut.Add(RoundsLeftOut());
        }

        Assert.That(leftOut, Is.EqualTo(new[] { 1, 2, 4, 8, 16 }));

        int RoundsLeftOut()
        {
            for (var rounds = 0; ; rounds++)
            {
                _clock.Advance(Interval);
                if (_rests.StandingOf(Peer) == PeerStanding.Rested)
                    return rounds;
            }
        }
    }

    [TestCase(0.0, 20)]
    [TestCase(1.0, 30)]
    public void Rest_is_at_most_half_an_hour_give_or_take_chance(double chance, int minutes)
    {
        _chance = chance;
        for (var failure = 0; failure < 100; failure++)
            Remember(Dead);

        _clock.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromTicks(1));
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Resting));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Rested));
    }

    [Test]
    public void One_success_clears_everything()
    {
        for (var failure = 0; failure < 10; failure++)
            Remember(Dead);
        Remember(null);
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Plain));

        Remember(Dead);
        _clock.Advance(2 * Interval);
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Rested), "one round, as after the first failure of all");
    }

    [Test]
    public void Retry_after_is_waited_for()
    {
        Remember(new PeerFailure(PeerFailureKind.HttpStatus) { StatusCode = 503, RetryAfter = TimeSpan.FromHours(1) });

        _clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Resting));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Rested));
    }

    [Test]
    public void Retry_after_does_not_shorten_a_rest()
    {
        Remember(new PeerFailure(PeerFailureKind.HttpStatus) { StatusCode = 429, RetryAfter = TimeSpan.Zero });

        _clock.Advance(Interval);
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Resting));
    }

    [Test]
    public void Peer_that_brings_something_new_each_time_never_rests_for_long()
    {
        for (var failure = 0; failure < 10; failure++)
            Remember(new PeerFailure(PeerFailureKind.TimedOut), new VerdictCounts { Inserted = 1 });

        _clock.Advance(2 * Interval);
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Rested));
    }

    [TestCase(PeerFailureKind.TooManyBadSignatures)]
    [TestCase(PeerFailureKind.UnexpectedError)]
    [TestCase(PeerFailureKind.TooManyPeersAtAddress)]
    public void What_is_no_fault_of_the_peer_costs_it_neither_rest_nor_standing(PeerFailureKind kind)
    {
        Remember(new PeerFailure(kind));
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Plain));

        Remember(null);
        _clock.Advance(TimeSpan.FromDays(1));
        Remember(new PeerFailure(kind));
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.LongGood));
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
    public void Every_other_failure_rests(PeerFailureKind kind)
    {
        Remember(new PeerFailure(kind));

        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.Resting));
    }

    [Test]
    public void Ever_new_addresses_neither_grow_the_memory_nor_push_out_a_good_peer()
    {
        Remember(null);
        _clock.Advance(TimeSpan.FromDays(1));
        for (var i = 0; i < 3 * PeerMap<object>.Capacity; i++)
            _rests.Remember(new PeerReport(NodeAddress.Parse($"http://flood{i}.example")) { Failure = Dead });

        Assert.That(_rests.Count, Is.AtMost(PeerMap<object>.Capacity));
        Assert.That(_rests.StandingOf(Peer), Is.EqualTo(PeerStanding.LongGood));
    }

    private void Remember(PeerFailure? failure, VerdictCounts? verdicts = null) =>
        _rests.Remember(new PeerReport(Peer) { Failure = failure, Verdicts = verdicts ?? VerdictCounts.None });
}
