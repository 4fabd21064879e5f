using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Tests.Http;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>The guard in its place: under an HTTP client, with a resolver that says what the test wants and a dialler that takes every address for one on loopback.</summary>
internal sealed class PeerAddressGuardTests : PeerClientFixture
{
    private const string Public = "8.8.8.8";

    private readonly ConcurrentQueue<string> _resolved = [];
    private readonly ConcurrentQueue<string> _dialled = [];

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
    public async Task Spelling_that_leads_to_a_special_address_is_refused_and_not_dialled(string url)
    {
        var failure = await AskAsync(NodeAddress.Parse(url), Guard());

        Assert.That(failure, Is.EqualTo(new PeerFailure(PeerFailureKind.AddressRefused) { Detail = "The host has no address on the open Internet, and AllowPrivateAddresses is not set." }));
        Assert.That(_dialled, Is.Empty);
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
    public void What_could_be_read_in_two_ways_is_no_node_address(string url) => Assert.That(NodeAddress.TryParse(url, out _), Is.False);

    [TestCase("http://8.8.8.8", "8.8.8.8:80")]
    [TestCase("https://8.8.8.8:8443/base", "8.8.8.8:8443")]
    [TestCase("http://0x8.0x8.0x8.0x8", "8.8.8.8:80")]
    [TestCase("http://134744072:81", "8.8.8.8:81")]
    [TestCase("http://[::ffff:8.8.8.8]", "8.8.8.8:80")]
    [TestCase("http://[2606:4700::1111]", "[2606:4700::1111]:80")]
    [TestCase("http://public.example.", "8.8.8.8:80")]
    [TestCase("http://PUBLIC.example:8080", "8.8.8.8:8080")]
    [TestCase("http://b\u00fccher.example", "8.8.8.8:80")]
    [TestCase("http://mixed.example", "8.8.8.8:80")]
    public async Task Public_address_is_dialled_at_the_address_that_was_judged(string url, string dialled)
    {
        await AskAsync(NodeAddress.Parse(url), Guard());

        Assert.That(_dialled, Is.EqualTo(new[] { dialled }));
    }

    [Test]
    public async Task Name_that_changes_its_answer_gains_nothing()
    {
        var answers = new Queue<string>([Public, "127.0.0.1"]);
        var guard = new PeerAddressGuard(false, (host, _) => Resolved(host, answers.Dequeue()), Dial());

        var first = await AskAsync(NodeAddress.Parse("http://rebinding.example"), guard);
        Assert.That(_dialled, Is.EqualTo(new[] { "8.8.8.8:80" }), "resolved once, and dialled what was judged");
        Assert.That((first?.Kind, answers.Count), Is.EqualTo((PeerFailureKind.Unreachable, 1)));

        var second = await AskAsync(NodeAddress.Parse("http://rebinding.example"), guard);
        Assert.That(second?.Kind, Is.EqualTo(PeerFailureKind.AddressRefused));
        Assert.That(_dialled, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Private_addresses_are_dialled_where_they_are_allowed_and_any_number_of_peers_at_one()
    {
        var guard = Guard(allowPrivateAddresses: true);
        guard.BeginRound();
        for (var port = 1; port <= 5; port++)
            await AskAsync(NodeAddress.Parse($"http://127.0.0.1:{port}"), guard);

        Assert.That(_dialled, Has.Count.EqualTo(5));
    }

    [Test]
    public async Task Name_with_many_addresses_is_tried_at_a_few()
    {
        var guard = new PeerAddressGuard(false, (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([.. Enumerable.Range(1, 200).Select(number => new IPAddress([9, 9, 9, (byte)number]))]), Dial());

        Assert.That((await AskAsync(NodeAddress.Parse("http://many.example"), guard))?.Kind, Is.EqualTo(PeerFailureKind.Unreachable));
        Assert.That(_dialled, Has.Count.EqualTo(PeerAddressGuard.AddressesPerHost));
    }

    [Test]
    public async Task Unknown_name_and_name_without_addresses_are_unreachable()
    {
        var unknown = new PeerAddressGuard(false, (_, _) => throw new SocketException((int)SocketError.HostNotFound), Dial());
        var empty = new PeerAddressGuard(false, (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([]), Dial());

        Assert.That((await AskAsync(NodeAddress.Parse("http://a.example"), unknown))?.Kind, Is.EqualTo(PeerFailureKind.Unreachable));
        Assert.That((await AskAsync(NodeAddress.Parse("http://a.example"), empty))?.Kind, Is.EqualTo(PeerFailureKind.Unreachable));
    }

    [Test]
    public async Task Two_peers_of_a_round_share_an_address_under_whatever_names_and_a_third_does_not()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        var guard = Guard(dial: Dial(peer));
        using var http = LoopbackHttp.CreateClient(Limits, guard);
        var client = ClientOn(http, guard);

        for (var round = 0; round < 3; round++)
        {
            client.BeginRound();
            var first = round; // Each round another one is left out.
            var failures = new List<PeerFailureKind?>();
            for (var number = 0; number < 3; number++)
                failures.Add((await client.ReadAllAsync(NodeAddress.Parse($"http://same{(first + number) % 3}.example"), null).LastAsync()).Failure?.Kind);
            Assert.That(failures, Is.EqualTo(new PeerFailureKind?[] { null, null, PeerFailureKind.TooManyPeersAtAddress }), $"round {round}, also over connections that live on");
        }
    }

    [Test]
    public async Task Named_node_goes_past_the_guard_and_a_listed_one_at_its_host_does_not()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        Options.Nodes.Add(peer.Url);
        var guard = Guard();
        using var listed = LoopbackHttp.CreateClient(Limits, guard);
        using var named = LoopbackHttp.CreateClient(Limits);
        var client = new HttpPeerClient(
            new PeerConnections(() => listed, () => named, guard, Options), Options, Clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<HttpPeerClient>.Instance);

        var ours = await client.ReadAllAsync(peer.Address, null).LastAsync();
        var theirs = await client.ReadAllAsync(NodeAddress.Parse(peer.Url + "/admin"), null).LastAsync();

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

    private PeerAddressGuard Guard(bool allowPrivateAddresses = false, PeerAddressGuard.DialAddress? dial = null) => new(
        allowPrivateAddresses,
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
        dial ?? Dial());

    private ValueTask<IReadOnlyList<IPAddress>> Resolved(string host, params IEnumerable<string> addresses)
    {
        _resolved.Enqueue(host);
        return ValueTask.FromResult<IReadOnlyList<IPAddress>>([.. addresses.Select(IPAddress.Parse)]);
    }

    /// <summary>Notes the address and connects to a peer on loopback, or to nobody.</summary>
    private PeerAddressGuard.DialAddress Dial(LoopbackPeer? peer = null) => async (address, cancellationToken) =>
    {
        _dialled.Enqueue(address.ToString());
        if (peer is null)
            throw new SocketException((int)SocketError.ConnectionRefused);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(peer.Url).Port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    };
}
