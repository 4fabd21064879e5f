using System.Net;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>Who is let in, on a clock that the test moves.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RequestGateTests
{
    private static readonly ClientAddress Alice = Of("203.0.113.7");
    private static readonly ClientAddress Bob = Of("2001:db8:ffff::1");
    private static readonly ClientAddress Host = Of("127.0.0.1");

    private readonly DbSharingEndpointOptions _options = new();
    private readonly ManualTimeProvider _clock = new();

    [Test]
    public void A_public_client_has_a_minutes_worth_and_then_what_fills_again()
    {
        var gate = Gate();

        Assert.That(Visits(gate, Alice, 700), Is.EqualTo(600));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Visits(gate, Alice, 700), Is.EqualTo(10));
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.That(Visits(gate, Alice, 700), Is.EqualTo(600), "no more than a minute's worth is saved up");
    }

    [Test]
    public void Whoever_is_refused_is_told_when_there_is_one_again()
    {
        _options.PublicClient.RequestsPerMinute = 6;
        var gate = Gate();
        Assert.That(Visits(gate, Alice, 7), Is.EqualTo(6));
        _clock.Advance(TimeSpan.FromSeconds(4));

        Assert.That(gate.Enter(Alice, isList: false, out var retryAfter), Is.EqualTo(GateAnswer.TooManyOfClient));

        Assert.That(retryAfter, Is.EqualTo(TimeSpan.FromSeconds(6)));
        _clock.Advance(retryAfter - TimeSpan.FromTicks(1));
        Assert.That(Visits(gate, Alice, 1), Is.Zero);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(Visits(gate, Alice, 2), Is.EqualTo(1));
    }

    [Test]
    public void Lists_have_a_rate_of_their_own_and_count_as_requests()
    {
        var gate = Gate();

        Assert.That(Visits(gate, Alice, 100, isList: true), Is.EqualTo(60));
        Assert.That(Visits(gate, Alice, 1000), Is.EqualTo(540));
    }

    [Test]
    public void What_a_request_turns_out_to_cost_is_taken_from_what_is_left_and_from_what_is_to_come()
    {
        var gate = Gate();
        Assert.That(gate.Enter(Alice, isList: false, out _), Is.EqualTo(GateAnswer.Entered));
        gate.Leave(Alice, isList: false, moreRequests: 99);
        Assert.That(Visits(gate, Alice, 499), Is.EqualTo(499));
        Assert.That(gate.Enter(Alice, isList: false, out _), Is.EqualTo(GateAnswer.Entered), "the last of a minute's worth");

        gate.Leave(Alice, isList: false, moreRequests: 20);

        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.That(Visits(gate, Alice, 1), Is.Zero);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Visits(gate, Alice, 20), Is.EqualTo(10));
    }

    [Test]
    public void Refusals_use_nothing_up()
    {
        _options.PublicClient.ListsPerMinute = 1;
        _options.PublicClient.RequestsPerMinute = 3;
        var gate = Gate();

        Assert.That(Visits(gate, Alice, 100, isList: true), Is.EqualTo(1));
        Assert.That(Visits(gate, Alice, 100), Is.EqualTo(2));
    }

    [Test]
    public void One_client_takes_nothing_from_another()
    {
        var gate = Gate();
        Visits(gate, Alice, 1000);
        Enter(gate, Bob, 5);

        Assert.That(Visits(gate, Bob, 700), Is.EqualTo(595));
    }

    [Test]
    public void A_private_client_has_places_and_no_rate()
    {
        var gate = Gate();

        Assert.That(Visits(gate, Host, 100_000), Is.EqualTo(100_000));
        Assert.That(Enter(gate, Host, 100), Is.EqualTo(64));
    }

    [Test]
    public void Places_are_limited_for_each_client_and_for_lists_among_them()
    {
        var gate = Gate();

        Assert.That(Enter(gate, Alice, 10, isList: true), Is.EqualTo(2));
        Assert.That(Enter(gate, Alice, 10), Is.EqualTo(6));
        Assert.That(Enter(gate, Bob, 10), Is.EqualTo(8));
        Assert.That(gate.Enter(Alice, isList: false, out var retryAfter), Is.EqualTo(GateAnswer.TooManyOfClient));
        Assert.That(retryAfter, Is.GreaterThan(TimeSpan.Zero));

        gate.Leave(Alice, isList: true);
        Assert.That(Enter(gate, Alice, 10), Is.EqualTo(1), "the place that became free");
        gate.Leave(Alice, isList: false);
        Assert.That(Enter(gate, Alice, 10, isList: true), Is.EqualTo(1), "one list is still under way");
    }

    [Test]
    public void All_together_have_a_limit_too()
    {
        var gate = Gate();
        ClientAddress[] crowd = [.. Enumerable.Range(1, 20).Select(i => Of($"203.0.113.{i}"))];

        Assert.That(crowd.Sum(client => Enter(gate, client, 10, isList: true)), Is.EqualTo(32));
        Assert.That(crowd.Sum(client => Enter(gate, client, 10)), Is.EqualTo(96));
        Assert.That(gate.Enter(Host, isList: false, out var retryAfter), Is.EqualTo(GateAnswer.Busy));
        Assert.That(retryAfter, Is.GreaterThan(TimeSpan.Zero));

        gate.Leave(crowd[0], isList: true);
        Assert.That(Enter(gate, Host, 10, isList: true), Is.EqualTo(1));
    }

    [Test]
    public void All_together_may_be_given_a_rate()
    {
        _options.AllClients.RequestsPerMinute = 10;
        _options.AllClients.ListsPerMinute = 3;
        var gate = Gate();

        Assert.That(Visits(gate, Alice, 5, isList: true) + Visits(gate, Host, 5, isList: true), Is.EqualTo(3));
        Assert.That(Visits(gate, Alice, 5) + Visits(gate, Bob, 50), Is.EqualTo(7));
    }

    [Test]
    public void Null_is_no_limit()
    {
        foreach (var limits in new[] { _options.PublicClient, _options.PrivateClient })
            limits.RequestsPerMinute = limits.ListsPerMinute = limits.MaxConcurrentRequests = limits.MaxConcurrentLists = null;
        var gate = Gate();

        Assert.That(Visits(gate, Alice, 10_000, isList: true), Is.EqualTo(10_000));
        Assert.That(Enter(gate, Alice, 1000), Is.EqualTo(128));
    }

    [Test]
    public void Clients_that_are_idle_cost_nothing()
    {
        var rates = new ClientRates(_clock, capacity: 1000);
        foreach (var client in Crowd(1000))
            rates.Take(client, perMinute: 60);
        _clock.Advance(TimeSpan.FromSeconds(1));

        rates.Take(Alice, perMinute: 60);

        Assert.That(rates.Count, Is.EqualTo(1));
    }

    [Test]
    public void Beyond_the_capacity_newcomers_share_one_rate_and_the_known_keep_theirs()
    {
        const int Capacity = 1000;
        var rates = new ClientRates(_clock, Capacity);
        var known = Crowd(Capacity).ToArray();
        foreach (var client in known)
            Assert.That(TryTake(rates, client, perMinute: 2), Is.True);

        var newcomers = Crowd(100_000).Skip(Capacity).Count(client => TryTake(rates, client, perMinute: 2));

        Assert.That(newcomers, Is.EqualTo(2));
        Assert.That(rates.Count, Is.EqualTo(Capacity + 1));
        Assert.That(known, Is.All.Matches<ClientAddress>(client => TryTake(rates, client, perMinute: 2) && !TryTake(rates, client, perMinute: 2)));
    }

    [Test]
    public void However_many_clients_there_are_what_newcomers_cost_stops_no_others()
    {
        _options.PublicClient.RequestsPerMinute = 2;
        _options.AllClients.RequestsPerMinute = 1_000_000;
        var gate = Gate();
        ClientAddress[] known = [.. Crowd(RequestGate.MaxClients)];
        foreach (var client in known)
            Visits(gate, client, 1);

        // All together have used up nothing by now, and the known still have something to wait for.
        _clock.Advance(TimeSpan.FromSeconds(10));
        foreach (var newcomer in Crowd(RequestGate.MaxClients + 10).Skip(RequestGate.MaxClients))
        {
            if (gate.Enter(newcomer, isList: false, out _) is GateAnswer.Entered)
                gate.Leave(newcomer, isList: false, moreRequests: 64);
        }

        Assert.That(gate.Enter(known[0], isList: false, out _), Is.EqualTo(GateAnswer.Entered));
    }

    [Test]
    public void A_full_table_is_walked_through_once_a_second_at_most()
    {
        const int Capacity = 100;
        var rates = new ClientRates(_clock, Capacity);
        foreach (var client in Crowd(Capacity))
            rates.Take(client, perMinute: 1_000_000);
        Assert.That(rates.GetWait(Alice, perMinute: 1), Is.EqualTo(TimeSpan.Zero), "walked through, in vain");
        rates.Take(Alice, perMinute: 1);

        _clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.That(rates.GetWait(Bob, perMinute: 1), Is.Not.EqualTo(TimeSpan.Zero), "shares with the other newcomer");
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(rates.GetWait(Bob, perMinute: 1), Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void Places_are_right_whatever_many_threads_do()
    {
        _options.PublicClient.RequestsPerMinute = _options.PublicClient.ListsPerMinute = null;
        var gate = Gate();
        var underWay = 0;
        var most = 0;

        Parallel.For(0, 100_000, i =>
        {
            var isList = i % 2 == 0;
            if (gate.Enter(Alice, isList, out _) is not GateAnswer.Entered)
                return;
            var now = Interlocked.Increment(ref underWay);
            if (now > Volatile.Read(ref most))
                Volatile.Write(ref most, now);
            Interlocked.Decrement(ref underWay);
            gate.Leave(Alice, isList);
        });

        Assert.That(most, Is.InRange(1, 8));
        Assert.That(Enter(gate, Alice, 100), Is.EqualTo(8));
    }

    private RequestGate Gate() => new(_options, _clock);

    private static ClientAddress Of(string address) => ClientAddress.Of(IPAddress.Parse(address));

    private static IEnumerable<ClientAddress> Crowd(int count) => Enumerable.Range(0, count).Select(i => Of($"2001:db8:{i >> 16:x}:{i & 0xffff:x}::1"));

    /// <summary>How many of so many requests, one after the other, are let in.</summary>
    private static int Visits(RequestGate gate, ClientAddress client, int count, bool isList = false)
    {
        var entered = 0;
        for (var i = 0; i < count; i++)
        {
            if (gate.Enter(client, isList, out _) is not GateAnswer.Entered)
                continue;
            entered++;
            gate.Leave(client, isList);
        }

        return entered;
    }

    /// <summary>How many of so many requests, all at once, are let in.</summary>
    private static int Enter(RequestGate gate, ClientAddress client, int count, bool isList = false) =>
        Enumerable.Range(0, count).Count(i => gate.Enter(client, isList, out _) is GateAnswer.Entered);

    private static bool TryTake(ClientRates rates, ClientAddress client, int perMinute)
    {
        if (rates.GetWait(client, perMinute) > TimeSpan.Zero)
            return false;
        rates.Take(client, perMinute);
        return true;
    }
}
