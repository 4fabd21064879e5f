using System.Net;
using System.Net.Sockets;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Tests.Http;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>Rounds with several names at one public address.</summary>
internal sealed class AddressLimitTests : PeerClientFixture
{
    private static readonly IPAddress Public = IPAddress.Parse("8.8.8.8");

    private readonly AddressLimit _limit = new(allowPrivateAddresses: false);

    [TestCase(3)]
    [TestCase(4)]
    [TestCase(16)]
    public async Task Each_name_at_an_address_is_called_within_half_as_many_rounds_and_two_more_also_if_names_resolve_late(int names)
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        var mayResolve = new TaskCompletionSource();
        var connector = LoopbackHttp.CreateConnector(
            async (_, _) =>
            {
                await mayResolve.Task; // All peers of the first round are admitted before the first name is resolved.
                return [Public];
            },
            (_, cancellationToken) => ConnectAsync(peer, cancellationToken));
        var guard = new PeerAddressGuard(allowPrivateAddresses: false, connector);
        using var http = LoopbackHttp.CreateClient(Limits, guard);
        var client = ClientOn(http, guard);
        var peers = Names(names);
        var random = new Random(1);
        var calls = new List<NodeAddress[]>();

        for (var round = 0; round < 100; round++)
        {
            client.BeginRound(peers, []);
            random.Shuffle(peers);
            var pulls = peers.Select(address => client.ReadAllAsync(address, null).SingleAsync().AsTask()).ToArray();
            mayResolve.TrySetResult();
            var pages = await Task.WhenAll(pulls);
            calls.Add([.. peers.Where((_, number) => pages[number].Failure is null)]);
            Assert.That(pages.Where(page => page.Failure is not null).Select(page => page.Failure), Is.All.EqualTo(PeerFailures.TooManyPeersAtAddress));
        }

        Assert.That(calls.Select(called => called.Length), Is.All.EqualTo(2));
        AssertEachIsCalled(peers, calls, within: (names / 2) + 2);
    }

    [Test]
    public void Good_name_is_called_in_each_round_beside_others_that_answer_badly()
    {
        var peers = Names(4);
        Connect(peers);
        var calls = Run(peers, rounds: 40, isGood: peer => peer == peers[0]);

        Assert.That(calls.Skip(2).Where(called => called.Contains(peers[0])), Has.Exactly(38).Items);
        AssertEachIsCalled(peers, calls, within: 4);
    }

    [Test]
    public void Many_bad_names_take_the_share_that_they_need_and_no_more()
    {
        var peers = Names(16);
        Connect(peers);
        var calls = Run(peers, rounds: 200, isGood: peer => peer == peers[0]);

        AssertEachIsCalled(peers, calls, within: 10);
        Assert.That(calls.Count(called => called.Contains(peers[0])), Is.InRange(50, 100), "far more often than every eighth round");
    }

    [Test]
    public void Ever_new_names_do_not_exclude_one_that_waits()
    {
        var peers = Names(3);
        Connect(peers);
        var called = 0;
        for (var round = 0; round < 50; round++)
        {
            NodeAddress[] listed = [peers[0], .. Names(8, $"round{round}-")];
            Connect(listed);
            called += RunRound(listed, _ => true).Contains(peers[0]) ? 1 : 0;
        }

        Assert.That(called, Is.GreaterThanOrEqualTo(50 / 6));
    }

    [Test]
    public void New_names_that_resolve_to_the_address_first_do_not_exclude_one_that_is_there()
    {
        var (known, unknown) = (Names(1).Single(), Names(3, "new"));
        Connect([known]);
        _limit.BeginRound([.. unknown, known], []);

        var connected = unknown.Where(peer => _limit.TryAdmit(peer) && _limit.TryConnect(AddressLimit.EndPointOf(peer), [], Public)).ToArray();

        Assert.That(connected, Has.Length.EqualTo(1));
        Assert.That(_limit.TryAdmit(known), Is.True);
    }

    [Test]
    public void Name_is_postponed_until_one_of_an_earlier_round_has_ended()
    {
        var peers = Names(3);
        Connect(peers);
        _limit.BeginRound(peers[..1], []);
        Assert.That(_limit.TryAdmit(peers[0]), Is.True);

        _limit.BeginRound(peers[1..], peers[..1]);
        Assert.That(peers[1..].Count(_limit.TryAdmit), Is.EqualTo(1), "the late one counts");
        Assert.That(_limit.TryAdmit(peers[0]), Is.True, "and may continue");

        _limit.BeginRound(peers[1..], []);
        Assert.That(peers[1..].Count(_limit.TryAdmit), Is.EqualTo(2));
    }

    [Test]
    public void Names_at_private_addresses_are_not_counted_where_those_are_allowed()
    {
        var limit = new AddressLimit(allowPrivateAddresses: true);
        var peers = Names(5);
        foreach (var peer in peers)
            limit.RecordConnection(AddressLimit.EndPointOf(peer), IPAddress.Loopback);

        limit.BeginRound(peers, []);

        Assert.That(peers.Select(limit.TryAdmit), Is.All.True);
    }

    [Test]
    public void Admitted_peer_counts_until_the_next_round_and_is_admitted_again_meanwhile()
    {
        var peers = Enumerable.Range(0, 3).Select(number => NodeAddress.Parse($"http://host.example/{number}")).ToArray();
        _limit.BeginRound(peers, []);

        Assert.That(peers.Select(_limit.TryAdmit), Is.EqualTo(new[] { true, true, false }));
        Assert.That(peers.Select(_limit.TryAdmit), Is.EqualTo(new[] { true, true, false }), "a round may take longer than any interval");
        _limit.BeginRound(peers, []);
        Assert.That(peers.Reverse().Select(_limit.TryAdmit), Is.EqualTo(new[] { true, true, false }), "late calls of a round do not count in the next one");
    }

    private static NodeAddress[] Names(int count, string prefix = "same") =>
        [.. Enumerable.Range(0, count).Select(number => NodeAddress.Parse($"http://{prefix}{number}.example"))];

    private static void AssertEachIsCalled(NodeAddress[] peers, List<NodeAddress[]> calls, int within)
    {
        foreach (var peer in peers)
        {
            for (var first = 0; first + within <= calls.Count; first++)
                Assert.That(calls.Skip(first).Take(within).Any(called => called.Contains(peer)), Is.True, $"{peer} in the {within} rounds from {first} on");
        }
    }

    private void Connect(NodeAddress[] peers)
    {
        foreach (var peer in peers)
            _limit.RecordConnection(AddressLimit.EndPointOf(peer), Public);
    }

    private List<NodeAddress[]> Run(NodeAddress[] peers, int rounds, Func<NodeAddress, bool> isGood)
    {
        var random = new Random(1);
        var calls = new List<NodeAddress[]>();
        for (var round = 0; round < rounds; round++)
        {
            NodeAddress[] shuffled = [.. peers];
            random.Shuffle(shuffled);
            calls.Add(RunRound(shuffled, isGood));
        }

        return calls;
    }

    private NodeAddress[] RunRound(NodeAddress[] peers, Func<NodeAddress, bool> isGood)
    {
        _limit.BeginRound(peers, []);
        var called = peers.Where(_limit.TryAdmit).ToArray();
        foreach (var peer in called)
            _limit.RecordResult(peer, isGood(peer));
        return called;
    }

    private static async ValueTask<Stream> ConnectAsync(LoopbackPeer peer, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(peer.Url).Port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
