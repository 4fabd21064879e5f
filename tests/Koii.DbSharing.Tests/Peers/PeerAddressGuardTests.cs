using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Koii.DbSharing.Http;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Tests.Http;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>The guard under an HTTP client, with a resolver and a connect function of the test's own, which connects to loopback or to nothing.</summary>
internal sealed class PeerAddressGuardTests : PeerClientFixture
{
    private const string Public = "8.8.8.8";

    private readonly ConcurrentQueue<string> _resolved = [];
    private readonly ConcurrentQueue<string> _connected = [];

    [TestCase("http://127.0.0.1")]
    [TestCase("http://127.1")]
    [TestCase("http://0x7f.1")]
    [TestCase("http://0x7f000001")]
    [TestCase("http://2130706433")]
    [TestCase("http://017700000001")]
    [TestCase("http://0177.0.0.1")]
    [TestCase("http://127.0.0.1.")]
    [TestCase("http://0x7f.1.")]
    [TestCase("http://\uff11\uff12\uff17.0.0.1")]
    [TestCase("http://127\u30020\u30020\u30021")]
    [TestCase("http://[::1]")]
    [TestCase("http://[::]")]
    [TestCase("http://[::ffff:127.0.0.1]")]
    [TestCase("http://[::ffff:7f00:1]")]
    [TestCase("http://[0:0:0:0:0:ffff:7f00:0001]")]
    [TestCase("http://[::127.0.0.1]")]
    [TestCase("http://[64:ff9b::7f00:1]")]
    [TestCase("http://[64:ff9b::a9fe:a9fe]")]
    [TestCase("http://[2002:7f00:1::]")]
    [TestCase("http://[fe80::1]")]
    [TestCase("http://169.254.169.254")]
    [TestCase("http://0xa9fea9fe")]
    [TestCase("http://2852039166")]
    [TestCase("http://[::ffff:169.254.169.254]")]
    [TestCase("http://[fd00:ec2::254]")]
    [TestCase("http://0")]
    [TestCase("http://0.0.0.0:8080")]
    [TestCase("https://192.168.1.1:8443/base")]
    [TestCase("http://10.0.0.1/a/../b")]
    [TestCase("http://localhost")]
    [TestCase("http://LOCALHOST.")]
    [TestCase("http://loopback.example")]
    [TestCase("http://metadata.example:80")]
    [TestCase("http://mapped.example")]
    [TestCase("http://b\u00fccher-loopback.example")]
    public async Task Spelling_that_leads_to_a_special_address_is_refused_and_not_connected(string url)
    {
        var failure = await AskAsync(NodeAddress.Parse(url), Guard());

        Assert.That(failure, Is.EqualTo(new PeerFailure(PeerFailureKind.AddressRefused) { Detail = "The host has no public address, and AllowPrivateAddresses is not set." }));
        Assert.That(_connected, Is.Empty);
    }

    [TestCase("http://127.0.0.1?x")]
    [TestCase("http://public.example/?x=1")]
    [TestCase("http://public.example#f")]
    [TestCase("http://public.example/#@127.0.0.1")]
    [TestCase("http://user@127.0.0.1")]
    [TestCase("http://public.example@127.0.0.1/")]
    [TestCase("http://public.example\\@127.0.0.1/")]
    [TestCase("http://127.0.0.1%2f@public.example")]
    [TestCase("http://[fe80::1%25eth0]")]
    [TestCase("http://public.example:0")]
    [TestCase("ftp://127.0.0.1")]
    [TestCase("file:///etc/passwd")]
    [TestCase("http://127.0.0.1\r\nHost: x")]
    [TestCase("//127.0.0.1")]
    [TestCase("http://")]
    public void Text_that_parsers_read_differently_is_not_a_node_address(string url) => Assert.That(NodeAddress.TryParse(url, out _), Is.False);

    [TestCase("http://8.8.8.8", "8.8.8.8:80")]
    [TestCase("https://8.8.8.8:8443/base", "8.8.8.8:8443")]
    [TestCase("http://0x8.0x8.0x8.0x8", "8.8.8.8:80")]
    [TestCase("http://134744072:81", "8.8.8.8:81")]
    [TestCase("http://[::ffff:8.8.8.8]", "8.8.8.8:80")]
    [TestCase("http://[2606:4700::1111]", "[2606:4700::1111]:80")]
    [TestCase("http://[64:ff9b::808:808]", "[64:ff9b::808:808]:80")]
    [TestCase("http://public.example.", "8.8.8.8:80")]
    [TestCase("http://PUBLIC.example:8080", "8.8.8.8:8080")]
    [TestCase("http://b\u00fccher.example", "8.8.8.8:80")]
    [TestCase("http://mixed.example", "8.8.8.8:80")]
    public async Task Public_address_is_connected_at_the_address_that_was_checked(string url, string connected)
    {
        await AskAsync(NodeAddress.Parse(url), Guard());

        Assert.That(_connected, Is.EqualTo(new[] { connected }));
    }

    [Test]
    public async Task Name_that_changes_its_resolution_gains_nothing()
    {
        var answers = new Queue<string>([Public, "127.0.0.1"]);
        var guard = NewGuard((host, _) => Resolved(host, answers.Dequeue()), Connect());

        var first = await AskAsync(NodeAddress.Parse("http://rebinding.example"), guard);
        Assert.That(_connected, Is.EqualTo(new[] { "8.8.8.8:80" }), "resolved once, and connected to the address that was checked");
        Assert.That((first?.Kind, answers.Count), Is.EqualTo((PeerFailureKind.Unreachable, 1)));

        var second = await AskAsync(NodeAddress.Parse("http://rebinding.example"), guard);
        Assert.That(second?.Kind, Is.EqualTo(PeerFailureKind.AddressRefused));
        Assert.That(_connected, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Private_addresses_are_connected_where_they_are_allowed_and_any_number_of_peers_at_one()
    {
        var guard = Guard(allowPrivateAddresses: true);
        for (var port = 1; port <= 5; port++)
            await AskAsync(NodeAddress.Parse($"http://127.0.0.1:{port}"), guard);

        Assert.That(_connected, Has.Count.EqualTo(5));
    }

    [Test]
    public async Task Name_with_many_addresses_is_tried_at_a_few()
    {
        var guard = NewGuard((_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([.. Enumerable.Range(1, 200).Select(number => new IPAddress([9, 9, 9, (byte)number]))]), Connect());

        Assert.That((await AskAsync(NodeAddress.Parse("http://many.example"), guard))?.Kind, Is.EqualTo(PeerFailureKind.Unreachable));
        Assert.That(_connected, Has.Count.EqualTo(HostConnector.AddressesPerHost));
    }

    [Test]
    public async Task Unknown_name_and_name_without_addresses_are_unreachable()
    {
        var unknown = NewGuard((_, _) => throw new SocketException((int)SocketError.HostNotFound), Connect());
        var empty = NewGuard((_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([]), Connect());

        Assert.That((await AskAsync(NodeAddress.Parse("http://a.example"), unknown))?.Kind, Is.EqualTo(PeerFailureKind.Unreachable));
        Assert.That((await AskAsync(NodeAddress.Parse("http://a.example"), empty))?.Kind, Is.EqualTo(PeerFailureKind.Unreachable));
    }

    [Test]
    public async Task Address_counts_as_the_IPv4_address_that_a_gateway_translates_it_to()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        var guard = NewGuard((host, _) => Resolved(host, host == "translated.example" ? "64:ff9b::808:808" : Public), Connect(peer));
        using var http = LoopbackHttp.CreateClient(Limits, guard);
        var client = ClientOn(http, guard);
        client.BeginRound([], []);

        var pages = new List<PeerPage>();
        foreach (var host in (string[])["translated", "a", "b"])
            pages.Add(await client.ReadAllAsync(NodeAddress.Parse($"http://{host}.example"), null).SingleAsync());

        Assert.That(pages.Select(page => page.Failure?.Kind), Is.EqualTo(new PeerFailureKind?[] { null, null, PeerFailureKind.TooManyPeersAtAddress }));
        Assert.That(pages[0].Source?.Address, Is.EqualTo(Public));
    }

    [Test]
    public async Task Second_address_of_a_peer_is_called_where_the_first_is_silent()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        var connect = Connect(peer);
        var connector = new HostConnector(Limits.ConnectTimeout, Clock, (host, _) => Resolved(host, "2606:4700::1111", Public), async (address, cancellationToken) =>
        {
            if (address.Address.ToString() != Public)
                await Task.Delay(Timeout.InfiniteTimeSpan, Clock, cancellationToken);
            return await connect(address, cancellationToken);
        });
        var guard = new PeerAddressGuard(allowPrivateAddresses: false, connector);
        using var http = LoopbackHttp.CreateClient(Limits, guard);

        var pull = ClientOn(http, guard).ReadAllAsync(NodeAddress.Parse("http://host.example"), null).SingleAsync().AsTask();
        await Clock.WhenTimerIsSetAsync(HostConnector.AttemptDelay);
        Clock.Advance(HostConnector.AttemptDelay);

        Assert.That((await pull).Failure, Is.Null);
        Assert.That((await pull).Source?.Address, Is.EqualTo(Public));
    }

    [Test]
    public async Task Name_that_does_not_resolve_ends_with_the_connect_limit_and_stops_with_the_caller([Values] bool stops)
    {
        using var stop = new CancellationTokenSource();
        var connector = new HostConnector(Limits.ConnectTimeout, Clock, (_, _) => new(new TaskCompletionSource<IReadOnlyList<IPAddress>>().Task));
        var guard = new PeerAddressGuard(allowPrivateAddresses: false, connector);
        using var http = LoopbackHttp.CreateClient(Limits, guard);

        var pull = ClientOn(http, guard).ReadAllAsync(NodeAddress.Parse("http://host.example"), null, stop.Token).SingleAsync().AsTask();
        await Clock.WhenTimerIsSetAsync(Limits.ConnectTimeout);
        if (stops)
            await stop.CancelAsync();
        else
            Clock.Advance(Limits.ConnectTimeout);

        if (stops)
            await Assert.ThatAsync(() => pull, Throws.InstanceOf<OperationCanceledException>());
        else
            Assert.That((await pull).Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.TimedOut) { Detail = "The name of the host was not resolved in time." }));
        Clock.Advance(Limits.ConnectTimeout); // The attempt outlives its request until its own limit.
    }

    [Test]
    public async Task Third_path_at_one_port_is_not_called()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        var guard = Guard(connect: Connect(peer));
        using var http = LoopbackHttp.CreateClient(Limits, guard);
        var client = ClientOn(http, guard);
        client.BeginRound([], []);

        var pulls = Enumerable.Range(0, 3).Select(number => client.ReadAllAsync(NodeAddress.Parse($"http://host.example/{number}"), null).SingleAsync().AsTask());

        Assert.That((await Task.WhenAll(pulls)).Select(page => page.Failure?.Kind), Is.EqualTo(new PeerFailureKind?[] { null, null, PeerFailureKind.TooManyPeersAtAddress }));
    }

    [Test]
    public async Task Reconciliation_and_fetch_are_refused_for_a_third_peer_of_an_address()
    {
        await using var peer = LoopbackPeer.Serve(("/fetch", Answers.Json("[]")));
        var guard = Guard(connect: Connect(peer));
        using var http = LoopbackHttp.CreateClient(Limits, guard);
        var client = ClientOn(http, guard);
        var peers = Enumerable.Range(0, 3).Select(number => NodeAddress.Parse($"http://host.example/{number}")).ToArray();
        client.BeginRound([], []);
        Assert.That(peers[..2].Select(guard.Limit.TryAdmit), Is.All.True);

        Assert.That((await client.FetchAsync(peers[0], new LinktreeId[1]).SingleAsync()).Failure, Is.Null);
        Assert.That((await client.FetchAsync(peers[2], new LinktreeId[1]).SingleAsync()).Failure?.Kind, Is.EqualTo(PeerFailureKind.TooManyPeersAtAddress));
        Assert.That((await client.ReconcileAsync(peers[2], new byte[] { 0x61 })).Failure?.Kind, Is.EqualTo(PeerFailureKind.TooManyPeersAtAddress));
    }

    [Test]
    public async Task Names_that_change_their_address_during_a_round_are_refused_beyond_two_at_the_new_one()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        var later = false;
        var guard = NewGuard((host, _) => Resolved(host, later ? Public : $"9.9.9.{host[4]}"), Connect(peer));
        var names = Enumerable.Range(1, 5).Select(number => NodeAddress.Parse($"http://name{number}.example")).ToArray();
        guard.Limit.BeginRound([], []);
        foreach (var name in names)
            Assert.That((await AskAsync(name, guard))?.Kind, Is.Null, "each at an address of its own");

        later = true;
        var failures = new List<PeerFailureKind?>();
        foreach (var name in names)
            failures.Add((await AskAsync(name, guard))?.Kind);

        Assert.That(failures.Count(failure => failure is null), Is.EqualTo(2));
        Assert.That(failures.Skip(2), Is.All.EqualTo(PeerFailureKind.TooManyPeersAtAddress));
    }

    [Test]
    public async Task Named_node_bypasses_the_guard_and_a_listed_one_at_its_host_does_not()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        Options.Nodes.Add(peer.Url);
        var guard = Guard();
        using var listed = LoopbackHttp.CreateClient(Limits, guard);
        using var named = LoopbackHttp.CreateClient(Limits);
        var client = ClientOn(listed, named, guard);

        var ours = await client.ReadAllAsync(peer.Address, null).SingleAsync();
        var theirs = await client.ReadAllAsync(NodeAddress.Parse(peer.Url + "/admin"), null).SingleAsync();

        Assert.That((ours.Failure?.Kind, theirs.Failure?.Kind), Is.EqualTo(((PeerFailureKind?)null, PeerFailureKind.AddressRefused)));
        Assert.That(peer.Paths, Has.None.Contains("admin"));
    }

    [Test]
    [NonParallelizable]
    public async Task Proxy_of_the_process_is_not_used()
    {
        await using var proxy = LoopbackPeer.Serve();
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        var before = HttpClient.DefaultProxy;
        HttpClient.DefaultProxy = new WebProxy(proxy.Url);
        try
        {
            await PullAsync(peer);
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }

        Assert.That((proxy.Connections, peer.Connections), Is.EqualTo((0, 1)));
    }

    private async Task<PeerFailure?> AskAsync(NodeAddress peer, PeerAddressGuard guard)
    {
        using var http = LoopbackHttp.CreateClient(Limits, guard);
        return (await ClientOn(http, guard).ReadAllAsync(peer, null).SingleAsync()).Failure;
    }

    private PeerAddressGuard NewGuard(HostConnector.ResolveHost resolve, HostConnector.ConnectSocket connect, bool allowPrivateAddresses = false) =>
        new(allowPrivateAddresses, LoopbackHttp.CreateConnector(resolve, connect));

    private PeerAddressGuard Guard(bool allowPrivateAddresses = false, HostConnector.ConnectSocket? connect = null) => NewGuard(
        (host, _) => Resolved(host, host switch
        {
            "localhost" => ["127.0.0.1", "::1"],
            _ when host.EndsWith(".0.0.1", StringComparison.Ordinal) => ["127.0.0.1"], // A resolver may take for an address what we take for a name.
            "loopback.example" or "xn--bcher-loopback-gsb.example" => ["127.0.0.1"],
            "metadata.example" => ["169.254.169.254"],
            "mapped.example" => ["::ffff:10.0.0.1"],
            "mixed.example" => ["10.0.0.1", Public, "::1"],
            _ => [Public],
        }),
        connect ?? Connect(),
        allowPrivateAddresses);

    private ValueTask<IReadOnlyList<IPAddress>> Resolved(string host, params IEnumerable<string> addresses)
    {
        _resolved.Enqueue(host);
        return ValueTask.FromResult<IReadOnlyList<IPAddress>>([.. addresses.Select(IPAddress.Parse)]);
    }

    /// <summary>Records the address and connects to a peer on loopback, or to none.</summary>
    private HostConnector.ConnectSocket Connect(LoopbackPeer? peer = null) => async (address, cancellationToken) =>
    {
        _connected.Enqueue(address.ToString());
        if (peer is null)
            throw new SocketException((int)SocketError.ConnectionRefused);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(peer.Url).Port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    };
}
