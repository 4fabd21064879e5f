using System.Net;
using System.Net.Sockets;
using Koii.DbSharing.Http;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Http;

/// <summary>Connections to hosts with several addresses, on a manual clock, with a resolver and a connect function of the test's own.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class HostConnectorTests
{
    private static readonly DnsEndPoint Host = new("node.example", 80);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly FakeClock _clock = new();
    private readonly StateBarrier _attempts = new();
    private readonly List<(string Address, TimeSpan At)> _tried = [];
    private readonly Dictionary<string, TaskCompletionSource<Stream>> _answers = [];
    private readonly DateTimeOffset _start;

    public HostConnectorTests() => _start = _clock.GetUtcNow();

    [TearDown]
    public void NoTimerIsLeft() => Assert.That(_clock.IsIdle, Is.True, "a timer was left behind");

    [Test]
    public async Task Second_address_is_tried_while_the_first_is_silent_and_the_connection_is_its()
    {
        var stream = Accepts("192.0.2.2");

        var connecting = Connector("2001:db8::1", "192.0.2.2").ConnectAsync(Host, All, Any, default).AsTask();
        Assert.That(_tried.Select(tried => tried.Address), Is.EqualTo(new[] { "2001:db8::1" }));
        _clock.Advance(HostConnector.AttemptDelay - TimeSpan.FromTicks(1));
        Assert.That(connecting.IsCompleted, Is.False);
        _clock.Advance(TimeSpan.FromTicks(1));

        Assert.That(await connecting, Is.EqualTo((stream, IPAddress.Parse("192.0.2.2"))));
        Assert.That(_tried[1], Is.EqualTo(("192.0.2.2", HostConnector.AttemptDelay)));
    }

    [Test]
    public async Task Next_address_is_tried_at_once_when_the_first_refuses()
    {
        Refuses("2001:db8::1");
        var stream = Accepts("192.0.2.2");

        Assert.That((await Connector("2001:db8::1", "192.0.2.2").ConnectAsync(Host, All, Any, default))?.Stream, Is.SameAs(stream));
        Assert.That(_tried.Select(tried => tried.At), Is.All.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public async Task First_address_may_still_win_and_the_connection_of_the_other_is_closed()
    {
        var connecting = Connector("192.0.2.1", "192.0.2.2").ConnectAsync(Host, All, Any, default).AsTask();
        await NextIsTriedAsync(2);
        var first = Accepts("192.0.2.1");

        Assert.That((await connecting)?.Stream, Is.SameAs(first));
        var late = Accepts("192.0.2.2");
        Assert.That((first.CanRead, late.CanRead), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task Families_alternate_and_a_few_addresses_are_tried()
    {
        string[] found = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2", "192.0.2.3"];
        foreach (var address in found)
            Refuses(address);

        await Assert.ThatAsync(() => Connector(found).ConnectAsync(Host, All, Any, default).AsTask(), Throws.InstanceOf<SocketException>());
        Assert.That(_tried.Select(tried => tried.Address), Is.EqualTo(new[] { "2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2" }));
    }

    [Test]
    public async Task All_addresses_together_have_the_connect_limit()
    {
        var connecting = Connector("192.0.2.1", "192.0.2.2", "192.0.2.3").ConnectAsync(Host, All, Any, default).AsTask();
        await NextIsTriedAsync(2);
        await NextIsTriedAsync(3);
        _clock.Advance(Limit - (2 * HostConnector.AttemptDelay) - TimeSpan.FromTicks(1));
        Assert.That(connecting.IsCompleted, Is.False);
        _clock.Advance(TimeSpan.FromTicks(1));

        Assert.That(await FaultOf(connecting), Is.EqualTo(TransferFault.ConnectTimeout));
    }

    [Test]
    public async Task Resolver_that_ignores_cancellation_ends_with_the_connect_limit()
    {
        var connector = new HostConnector(Limit, _clock, (_, _) => new(new TaskCompletionSource<IReadOnlyList<IPAddress>>().Task));

        var connecting = connector.ConnectAsync(Host, All, Any, default).AsTask();
        _clock.Advance(Limit);

        Assert.That(await FaultOf(connecting), Is.EqualTo(TransferFault.ResolveTimeout));
    }

    [Test]
    public async Task Cancellation_does_not_wait_for_a_resolver_or_a_socket_that_ignores_it([Values] bool resolves)
    {
        using var stop = new CancellationTokenSource();
        var connector = resolves
            ? Connector("192.0.2.1", "192.0.2.2")
            : new HostConnector(Limit, _clock, (_, _) => new(new TaskCompletionSource<IReadOnlyList<IPAddress>>().Task));

        var connecting = connector.ConnectAsync(Host, All, Any, stop.Token).AsTask();
        await stop.CancelAsync();

        Assert.That(await FaultOf(connecting), Is.Not.Null);
    }

    [Test]
    public async Task Failure_of_an_abandoned_resolver_or_socket_is_observed()
    {
        var unobserved = new List<Exception>();
        void Observe(object? _, UnobservedTaskExceptionEventArgs args) => unobserved.Add(args.Exception);
        TaskScheduler.UnobservedTaskException += Observe;
        try
        {
            await AbandonAsync();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Observe;
        }

        Assert.That(unobserved.Where(exception => exception.ToString().Contains("abandoned", StringComparison.Ordinal)), Is.Empty);

        async Task AbandonAsync()
        {
            var resolving = new TaskCompletionSource<IReadOnlyList<IPAddress>>();
            var connecting = new HostConnector(Limit, _clock, (_, _) => new(resolving.Task)).ConnectAsync(Host, All, Any, default).AsTask();
            _clock.Advance(Limit);
            await FaultOf(connecting);
            resolving.SetException(new InvalidOperationException("abandoned"));
        }
    }

    [Test]
    public async Task Address_that_may_not_be_tried_is_passed_over()
    {
        var stream = Accepts("192.0.2.2");

        var connection = await Connector("192.0.2.1", "192.0.2.2").ConnectAsync(Host, All, address => address.ToString() != "192.0.2.1", default);

        Assert.That(connection?.Stream, Is.SameAs(stream));
        Assert.That(await Connector("192.0.2.1").ConnectAsync(Host, All, _ => false, default), Is.Null);
    }

    [Test]
    public async Task Last_address_of_a_host_is_remembered()
    {
        Refuses("192.0.2.1");
        Accepts("192.0.2.2");
        var connector = Connector("192.0.2.1", "192.0.2.2");
        Assert.That(connector.GetLastAddress(Host), Is.Null);

        await connector.ConnectAsync(Host, All, Any, default);

        Assert.That(connector.GetLastAddress(Host), Is.EqualTo(IPAddress.Parse("192.0.2.2")));
    }

    [Test]
    public async Task System_resolver_and_socket_connect_to_a_host()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connector = new HostConnector(TimeSpan.FromMinutes(5), TimeProvider.System);

        var connection = await connector.ConnectAsync(new DnsEndPoint("localhost", ((IPEndPoint)listener.LocalEndpoint).Port), All, Any, default);

        await using var stream = connection!.Value.Stream;
        Assert.That(connection.Value.Address, Is.EqualTo(IPAddress.Loopback));
    }

    private static bool Any(IPAddress address) => true;

    private static IReadOnlyList<IPAddress> All(IReadOnlyList<IPAddress> found) => found;

    private static async Task<TransferFault?> FaultOf(Task connecting)
    {
        try
        {
            await connecting;
            return null;
        }
        catch (ConnectionFaultException exception)
        {
            return exception.Fault;
        }
    }

    private HostConnector Connector(params string[] addresses) => new(
        Limit,
        _clock,
        (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([.. addresses.Select(IPAddress.Parse)]),
        (address, _) =>
        {
            _attempts.Change(() => _tried.Add((address.Address.ToString(), _clock.GetUtcNow() - _start)));
            return new ValueTask<Stream>(AnswerOf(address.Address.ToString()).Task);
        });

    private async Task NextIsTriedAsync(int count)
    {
        await _clock.WhenTimerIsSetAsync(HostConnector.AttemptDelay);
        _clock.Advance(HostConnector.AttemptDelay);
        await _attempts.WhenAsync(() => _tried.Count == count);
    }

    private TaskCompletionSource<Stream> AnswerOf(string address) =>
        _answers.TryGetValue(address, out var answer) ? answer : _answers[address] = new TaskCompletionSource<Stream>();

    private MemoryStream Accepts(string address)
    {
        var stream = new MemoryStream();
        AnswerOf(address).SetResult(stream);
        return stream;
    }

    private void Refuses(string address) => AnswerOf(address).SetException(new SocketException((int)SocketError.ConnectionRefused));
}
