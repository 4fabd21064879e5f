using System.Net;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>The bounded table of rates, on a clock that the test moves.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RateTableTests
{
    private static readonly ClientAddress Alice = ClientAddress.Of(IPAddress.Parse("203.0.113.7"));
    private static readonly ClientAddress Bob = ClientAddress.Of(IPAddress.Parse("2001:db8:ffff::1"));

    private readonly FakeClock _clock = new();

    [Test]
    public void Client_without_a_limit_has_no_entry()
    {
        var rates = new RateTable(_clock, capacity: 1);

        rates.Take(Alice, perMinute: null);

        Assert.That(rates.GetDelay(Alice, perMinute: null), Is.EqualTo(TimeSpan.Zero));
        Assert.That(rates.Count, Is.Zero);
    }

    [Test]
    public void Idle_clients_are_removed_when_the_table_is_full()
    {
        var rates = new RateTable(_clock, capacity: 1000);
        foreach (var client in ClientCrowd.OfSize(1000))
            rates.Take(client, perMinute: 60);
        _clock.Advance(TimeSpan.FromSeconds(1));

        rates.Take(Alice, perMinute: 60);

        Assert.That(rates.Count, Is.EqualTo(1));
    }

    [Test]
    public void Clients_beyond_the_capacity_share_one_rate_and_the_others_keep_theirs()
    {
        const int Capacity = 1000;
        var rates = new RateTable(_clock, Capacity);
        var first = ClientCrowd.OfSize(Capacity).ToArray();
        foreach (var client in first)
            Assert.That(TryTake(rates, client), Is.True);

        var admitted = ClientCrowd.OfSize(100_000).Skip(Capacity).Count(client => TryTake(rates, client));

        Assert.That(admitted, Is.EqualTo(2));
        Assert.That(rates.Count, Is.EqualTo(Capacity + 1));
        Assert.That(first, Is.All.Matches<ClientAddress>(client => TryTake(rates, client) && !TryTake(rates, client)));
    }

    [Test]
    public void Full_table_is_scanned_at_most_once_a_second()
    {
        const int Capacity = 100;
        var rates = new RateTable(_clock, Capacity);
        foreach (var client in ClientCrowd.OfSize(Capacity))
            rates.Take(client, perMinute: 1_000_000);
        Assert.That(rates.GetDelay(Alice, perMinute: 1), Is.EqualTo(TimeSpan.Zero), "scans and finds no idle client");
        rates.Take(Alice, perMinute: 1);

        _clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.That(rates.GetDelay(Bob, perMinute: 1), Is.Not.EqualTo(TimeSpan.Zero), "shares the bucket that Alice has used");
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(rates.GetDelay(Bob, perMinute: 1), Is.EqualTo(TimeSpan.Zero));
    }

    private static bool TryTake(RateTable rates, ClientAddress client)
    {
        if (rates.GetDelay(client, perMinute: 2) > TimeSpan.Zero)
            return false;
        rates.Take(client, perMinute: 2);
        return true;
    }
}
