using System.Runtime.CompilerServices;
using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>Several peers that offer the same records in one round.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SharedFetchTests
{
    private readonly FakeReconciler _network = new();
    private readonly Node _node;
    private readonly List<int> _fetched = [];

    private DrivingThread _thread = null!;

    public SharedFetchTests() => _node = new Node { Reconciler = _network };

    [SetUp]
    public void SetUp() => _thread = new DrivingThread();

    [TearDown]
    public void TearDown() => _thread.Dispose();

    [Test]
    public async Task Record_that_eight_peers_offer_is_fetched_once()
    {
        var records = Records(60);
        await _node.Store.PutAsync(records[..40]);
        using var together = new Rendezvous(8);
        for (var peer = 1; peer <= 8; peer++)
        {
            var extended = Counted(_network.Add(Node.Peer(peer), records));
            var reconcile = extended.Reconcile;
            extended.Reconcile = async (message, cancellationToken) =>
            {
                await together.WaitAsync();
                return await reconcile(message, cancellationToken);
            };
        }

        var report = await _node.Lists(8).ShareAsync();

        Assert.That(_fetched.Sum(), Is.EqualTo(20));
        Assert.That((report.Verdicts.Inserted, report.Peers.All(peer => peer.Failure is null)), Is.EqualTo((20L, true)));
    }

    [Test]
    public async Task Peer_that_does_not_deliver_delays_its_records_by_five_seconds()
    {
        var records = Records(12);
        await _node.Store.PutAsync(records[..10]);
        var hostile = _network.Add(Node.Peer(1), records);
        hostile.Fetch = (_, cancellationToken) => NothingAsync(cancellationToken);
        Counted(_network.Add(Node.Peer(2), records));

        var round = _node.Lists(Node.Peer(1), Node.Peer(2)).ShareAsync();
        Assert.That(await _node.HeldAsync(), Has.Count.EqualTo(10));
        _node.Clock.Advance(FetchReservations.Lifetime);
        Assert.That(await _node.HeldAsync(), Has.Count.EqualTo(12));

        _node.Clock.Advance(_node.Options.PeerLimits.PeerTimeout);
        await round;
    }

    [Test]
    public async Task New_node_reads_one_list_and_compares_with_the_other_peers_after_it()
    {
        var records = Records(30);
        var list = new TaskCompletionSource();
        for (var peer = 1; peer <= 8; peer++)
        {
            _network.Add(Node.Peer(peer), records);
            _node.Peers.Answer(Node.Peer(peer), ListAsync);
        }

        var round = _node.Lists(8).ShareAsync();
        list.SetResult();
        var report = await round;

        Assert.That(_node.Peers.Calls, Has.Count.EqualTo(1));
        Assert.That(report.Peers.Select(peer => peer.Path).Order(), Is.EqualTo(Enumerable.Repeat(PeerPath.InSync, 7).Append(PeerPath.FullList)));

        async IAsyncEnumerable<PeerPage> ListAsync(string? entityTag, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await list.Task;
            yield return new PeerPage(records);
        }
    }

    [Test]
    public async Task Second_list_starts_after_ten_seconds_of_the_first_and_no_pull_waits_longer()
    {
        for (var peer = 1; peer <= 3; peer++)
        {
            _network.Add(Node.Peer(peer), Records(30));
            _node.Peers.Answer(Node.Peer(peer), (_, cancellationToken) => NothingAsync(cancellationToken));
        }

        var round = _node.Lists(3).ShareAsync();
        _node.Clock.Advance(FirstListPermit.MaxWait - TimeSpan.FromMilliseconds(1));
        Assert.That(_node.Peers.Calls, Has.Count.EqualTo(1));
        _node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(_node.Peers.Calls, Has.Count.EqualTo(2));

        _node.Clock.Advance(TimeSpan.FromMinutes(2));
        var report = await round;
        Assert.That(report.Peers.Count(peer => peer is { Path: PeerPath.None, Failure: null }), Is.EqualTo(1), "the third is left to the next round, without a failure");
    }

    private static SignedLinktree[] Records(int count) => [.. Enumerable.Range(0, count).Select(i => Samples.Linktree((byte)i, "u", 1_000_000 + (1_000L * i)))];

    private static async IAsyncEnumerable<PeerPage> NothingAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        yield break;
    }

    private ExtendedPeer Counted(ExtendedPeer peer)
    {
        var fetch = peer.Fetch;
        peer.Fetch = (ids, cancellationToken) =>
        {
            lock (_fetched)
                _fetched.Add(ids.Count);
            return fetch(ids, cancellationToken);
        };
        return peer;
    }

    /// <summary>Lets calls go on when all have come.</summary>
    private sealed class Rendezvous(int count) : IDisposable
    {
        private readonly TaskCompletionSource _all = new();
        private int _come;

        public Task WaitAsync()
        {
            if (Interlocked.Increment(ref _come) == count)
                _all.SetResult();
            return _all.Task;
        }

        public void Dispose() => _all.TrySetCanceled();
    }
}
