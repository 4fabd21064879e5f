using System.Net;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>Which requests are admitted, on a clock that the test moves.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RequestLimiterTests
{
    private static readonly ClientAddress Alice = Of("203.0.113.7");
    private static readonly ClientAddress Bob = Of("2001:db8:ffff::1");
    private static readonly ClientAddress Host = Of("127.0.0.1");

    private readonly DbSharingEndpointOptions _options = new();
    private readonly FakeClock _clock = new();

    [Test]
    public void Public_client_can_use_a_minutes_worth_at_once_and_then_what_fills_again()
    {
        var limiter = Limiter();

        Assert.That(Sequential(limiter, Alice, 700), Is.EqualTo(600));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Sequential(limiter, Alice, 700), Is.EqualTo(10));
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.That(Sequential(limiter, Alice, 700), Is.EqualTo(600), "at most a minute's worth accumulates");
    }

    [Test]
    public void Refused_request_is_admitted_after_the_time_that_it_was_given()
    {
        _options.PublicClient.RequestsPerMinute = 6;
        var limiter = Limiter();
        Assert.That(Sequential(limiter, Alice, 7), Is.EqualTo(6));
        _clock.Advance(TimeSpan.FromSeconds(4));

        var exceeded = limiter.Acquire(Alice, isList: false);

        Assert.That(exceeded, Is.EqualTo(new ExceededLimit(IsClientLimit: true, TimeSpan.FromSeconds(6))));
        _clock.Advance(TimeSpan.FromSeconds(6) - TimeSpan.FromTicks(1));
        Assert.That(Sequential(limiter, Alice, 1), Is.Zero);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(Sequential(limiter, Alice, 2), Is.EqualTo(1));
    }

    [Test]
    public void Lists_have_their_own_rate_and_count_as_requests()
    {
        var limiter = Limiter();

        Assert.That(Sequential(limiter, Alice, 100, isList: true), Is.EqualTo(60));
        Assert.That(Sequential(limiter, Alice, 1000), Is.EqualTo(540));
    }

    [Test]
    public void Later_charge_reduces_what_is_left_and_what_fills_again()
    {
        var limiter = Limiter();
        Assert.That(limiter.Acquire(Alice, isList: false), Is.Null);
        limiter.Charge(Alice, 99);
        limiter.Release(Alice, isList: false);
        Assert.That(Sequential(limiter, Alice, 499), Is.EqualTo(499));
        Assert.That(limiter.Acquire(Alice, isList: false), Is.Null, "the last of the minute's worth");

        limiter.Charge(Alice, 20);
        limiter.Release(Alice, isList: false);

        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.That(Sequential(limiter, Alice, 1), Is.Zero);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Sequential(limiter, Alice, 20), Is.EqualTo(10));
    }

    [Test]
    public void Refused_requests_are_not_charged()
    {
        _options.PublicClient.ListsPerMinute = 1;
        _options.PublicClient.RequestsPerMinute = 3;
        var limiter = Limiter();

        Assert.That(Sequential(limiter, Alice, 100, isList: true), Is.EqualTo(1));
        Assert.That(Sequential(limiter, Alice, 100), Is.EqualTo(2));
    }

    [Test]
    public void Requests_that_all_clients_together_exceed_are_not_charged_to_the_client()
    {
        _options.PublicClient.RequestsPerMinute = 2;
        _options.AllClients.MaxConcurrentRequests = 1;
        var limiter = Limiter();
        Assert.That(limiter.Acquire(Host, isList: false), Is.Null);

        Assert.That(Sequential(limiter, Alice, 100), Is.Zero);

        limiter.Release(Host, isList: false);
        Assert.That(Sequential(limiter, Alice, 100), Is.EqualTo(2));
    }

    [Test]
    public void One_clients_requests_do_not_reduce_anothers()
    {
        var limiter = Limiter();
        Sequential(limiter, Alice, 1000);
        Concurrent(limiter, Bob, 5);

        Assert.That(Sequential(limiter, Bob, 700), Is.EqualTo(595));
    }

    [Test]
    public void Private_client_has_permits_and_no_rate()
    {
        var limiter = Limiter();

        Assert.That(Sequential(limiter, Host, 100_000), Is.EqualTo(100_000));
        Assert.That(Concurrent(limiter, Host, 100), Is.EqualTo(64));
    }

    [Test]
    public void Concurrent_requests_are_limited_per_client_and_lists_among_them()
    {
        var limiter = Limiter();

        Assert.That(Concurrent(limiter, Alice, 10, isList: true), Is.EqualTo(2));
        Assert.That(Concurrent(limiter, Alice, 10), Is.EqualTo(6));
        Assert.That(Concurrent(limiter, Bob, 10), Is.EqualTo(8));
        var exceeded = limiter.Acquire(Alice, isList: false);
        Assert.That(exceeded!.Value.IsClientLimit, Is.True);
        Assert.That(exceeded.Value.RetryAfter, Is.GreaterThan(TimeSpan.Zero));

        limiter.Release(Alice, isList: true);
        Assert.That(Concurrent(limiter, Alice, 10), Is.EqualTo(1), "the permit that was released");
        limiter.Release(Alice, isList: false);
        Assert.That(Concurrent(limiter, Alice, 10, isList: true), Is.EqualTo(1), "one list is still under way");
    }

    [Test]
    public void Concurrent_requests_of_all_clients_together_are_limited()
    {
        var limiter = Limiter();
        ClientAddress[] crowd = [.. Enumerable.Range(1, 20).Select(i => Of($"203.0.113.{i}"))];

        Assert.That(crowd.Sum(client => Concurrent(limiter, client, 10, isList: true)), Is.EqualTo(32));
        Assert.That(crowd.Sum(client => Concurrent(limiter, client, 10)), Is.EqualTo(96));
        var exceeded = limiter.Acquire(Host, isList: false);
        Assert.That(exceeded!.Value.IsClientLimit, Is.False);
        Assert.That(exceeded.Value.RetryAfter, Is.GreaterThan(TimeSpan.Zero));

        limiter.Release(crowd[0], isList: true);
        Assert.That(Concurrent(limiter, Host, 10, isList: true), Is.EqualTo(1));
    }

    [Test]
    public void Site_has_at_most_a_quarter_when_three_quarters_are_taken([Values] bool isList)
    {
        var limiter = Limiter();
        var limit = isList ? 32 : 128;
        ClientAddress[] site = [.. Enumerable.Range(0, 200).Select(i => Of($"2001:db8:1:{i:x}::1"))];
        ClientAddress[] others = [.. Enumerable.Range(0, 200).Select(i => Of($"2001:db8:{i + 2:x}::1"))];

        Assert.That(site.Sum(client => Concurrent(limiter, client, 1, isList)), Is.EqualTo(limit * 3 / 4), "while there are enough");
        Assert.That(limiter.Acquire(site[0], isList)!.Value.IsClientLimit, Is.True);
        Assert.That(others.Sum(client => Concurrent(limiter, client, 1, isList)), Is.EqualTo(limit / 4));

        for (var i = 0; i < limit / 2; i++)
            limiter.Release(site[i], isList);
        Assert.That(Concurrent(limiter, site[0], 100, isList), Is.GreaterThan(0), "less than three quarters are taken");
    }

    [Test]
    public void Other_clients_have_no_limit_of_their_site()
    {
        _options.PublicClient.MaxConcurrentRequests = _options.PrivateClient.MaxConcurrentRequests = null;

        Assert.That(Concurrent(Limiter(), Of("fd00::1"), 200), Is.EqualTo(128), "a private address");
        Assert.That(Concurrent(Limiter(), Alice, 200), Is.EqualTo(128), "an IPv4 address");
    }

    [Test]
    public void Request_with_a_body_is_charged_before_it_has_a_permit()
    {
        _options.PublicClient.RequestsPerMinute = 2;
        _options.PublicClient.MaxConcurrentRequests = 1;
        var limiter = Limiter();

        Assert.That(limiter.AcquireRate(Alice), Is.Null);
        Assert.That(limiter.AcquireRate(Alice), Is.Null);
        Assert.That(limiter.AcquireRate(Alice)!.Value.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(30)));
        Assert.That(limiter.AcquirePermit(Alice), Is.Null);
        Assert.That(limiter.AcquirePermit(Alice)!.Value.IsClientLimit, Is.True);
        limiter.Release(Alice, isList: false);
        Assert.That(limiter.AcquirePermit(Alice), Is.Null);
    }

    [Test]
    public void All_clients_together_can_have_a_rate()
    {
        _options.AllClients.RequestsPerMinute = 10;
        _options.AllClients.ListsPerMinute = 3;
        var limiter = Limiter();

        Assert.That(Sequential(limiter, Alice, 5, isList: true) + Sequential(limiter, Host, 5, isList: true), Is.EqualTo(3));
        Assert.That(Sequential(limiter, Alice, 5) + Sequential(limiter, Bob, 50), Is.EqualTo(7));
    }

    [Test]
    public void Null_is_no_limit()
    {
        foreach (var limits in new[] { _options.PublicClient, _options.PrivateClient })
            limits.RequestsPerMinute = limits.ListsPerMinute = limits.MaxConcurrentRequests = limits.MaxConcurrentLists = null;
        var limiter = Limiter();

        Assert.That(Sequential(limiter, Alice, 10_000, isList: true), Is.EqualTo(10_000));
        Assert.That(Concurrent(limiter, Alice, 1000), Is.EqualTo(128));
    }

    [Test]
    public void Charges_of_clients_beyond_the_table_do_not_stop_the_clients_in_it()
    {
        _options.PublicClient.RequestsPerMinute = 2;
        _options.AllClients.RequestsPerMinute = 1_000_000;
        var limiter = Limiter();
        ClientAddress[] first = [.. ClientCrowd.OfSize(RequestLimiter.MaxClients)];
        foreach (var client in first)
            Sequential(limiter, client, 1);

        // The bucket of all clients is full again by now, those of the single clients are not.
        _clock.Advance(TimeSpan.FromSeconds(10));
        foreach (var client in ClientCrowd.OfSize(RequestLimiter.MaxClients + 10).Skip(RequestLimiter.MaxClients))
        {
            if (limiter.Acquire(client, isList: false) is not null)
                continue;
            limiter.Charge(client, 64);
            limiter.Release(client, isList: false);
        }

        Assert.That(limiter.Acquire(first[0], isList: false), Is.Null);
    }

    [Test]
    public void Permits_stay_within_the_limit_under_concurrency()
    {
        _options.PublicClient.RequestsPerMinute = _options.PublicClient.ListsPerMinute = null;
        var limiter = Limiter();
        var underWay = 0;
        var most = 0;

        Parallel.For(0, 100_000, i =>
        {
            var isList = i % 2 == 0;
            if (limiter.Acquire(Alice, isList) is not null)
                return;
            var now = Interlocked.Increment(ref underWay);
            if (now > Volatile.Read(ref most))
                Volatile.Write(ref most, now);
            Interlocked.Decrement(ref underWay);
            limiter.Release(Alice, isList);
        });

        Assert.That(most, Is.InRange(1, 8));
        Assert.That(Concurrent(limiter, Alice, 100), Is.EqualTo(8));
    }

    private RequestLimiter Limiter() => new(_options, _clock);

    private static ClientAddress Of(string address) => ClientAddress.Of(IPAddress.Parse(address));

    /// <summary>Makes so many requests one after the other, and counts those that are admitted.</summary>
    private static int Sequential(RequestLimiter limiter, ClientAddress client, int count, bool isList = false)
    {
        var admitted = 0;
        for (var i = 0; i < count; i++)
        {
            if (limiter.Acquire(client, isList) is not null)
                continue;
            admitted++;
            limiter.Release(client, isList);
        }

        return admitted;
    }

    /// <summary>Makes so many requests at once, and counts those that are admitted.</summary>
    private static int Concurrent(RequestLimiter limiter, ClientAddress client, int count, bool isList = false) =>
        Enumerable.Range(0, count).Count(i => limiter.Acquire(client, isList) is null);
}
