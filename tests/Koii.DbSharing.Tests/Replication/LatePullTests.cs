using System.Runtime.CompilerServices;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>Pulls that take longer than the interval, on virtual time: the interval is 20 seconds, without variation.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LatePullTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    private readonly Dictionary<NodeAddress, TaskCompletionSource<PeerPage>> _slow = [];
    private readonly CancellationTokenSource _stop = new();
    private DrivingThread _thread = null!;

    [SetUp]
    public void SetUp() => _thread = new DrivingThread();

    [TearDown]
    public void TearDown()
    {
        _thread.Dispose();
        _stop.Dispose();
    }

    [Test]
    public async Task Round_does_not_wait_for_a_late_pull_and_the_next_one_leaves_its_peer_out()
    {
        var node = NewNode(slow: 1, peers: 2).Serves(2, Samples.Linktree());

        var loop = node.Engine.RunAsync(_stop.Token);
        node.Clock.Advance(TimeSpan.FromSeconds(45));
        Assert.That(Asked(node), Is.EqualTo(new[] { 1, 2, 2, 2 }));

        _slow[Node.Peer(1)].SetResult(new PeerPage([Samples.Linktree(2)]));
        Assert.That(await node.HeldAsync(), Has.Count.EqualTo(2), "stored between two rounds");
        node.Clock.Advance(TimeSpan.FromSeconds(40));
        Assert.That(Asked(node), Is.EqualTo(new[] { 1, 2, 2, 2, 1, 2, 2 }));
        Assert.That(node.Engine.GetPeers()[0].LastReport.Verdicts.Inserted, Is.EqualTo(1));
        await StopAsync(loop);
    }

    [Test]
    public async Task Pulls_beyond_the_maximum_of_late_ones_end_oldest_first_and_keep_their_records()
    {
        var node = NewNode(slow: 3, peers: 3);
        node.Options.MaxConcurrentPeers = 4;
        node.Peers.Answer(Node.Peer(1), OnePageAndThenNothingAsync);

        var loop = node.Engine.RunAsync(_stop.Token);
        Assert.That(await node.HeldAsync(), Has.Count.EqualTo(1));
        node.Clock.Advance(Interval);
        var peers = node.Engine.GetPeers();
        Assert.That(peers.Select(peer => (peer.Peer, peer.LastReport.IsPartial, peer.LastReport.Verdicts.Inserted)), Is.EqualTo(new[]
        {
            (Node.Peer(1), true, 1L),
        }));
        Assert.That(node.Log.Names(), Does.Not.Contain("ListTakesTooLong"), "the interval ended it, and not PeerTimeout");
        await StopAsync(loop);
    }

    [Test]
    public async Task Share_waits_for_all_pulls()
    {
        var node = NewNode(slow: 1, peers: 1);

        var round = node.ShareAsync();
        node.Clock.Advance(TimeSpan.FromSeconds(50));
        Assert.That(round.IsCompleted, Is.False);
        _slow[Node.Peer(1)].SetResult(new PeerPage([Samples.Linktree()]));

        var report = await round;
        Assert.That((report.Verdicts.Inserted, report.LatePeers.Count), Is.EqualTo((1L, 0)));
    }

    [Test]
    public async Task Share_waits_for_the_late_pulls_of_the_loop_too()
    {
        var node = NewNode(slow: 1, peers: 1);
        var loop = node.Engine.RunAsync(_stop.Token);
        node.Clock.Advance(TimeSpan.FromSeconds(20.5));

        var round = node.ShareAsync();
        Assert.That(round.IsCompleted, Is.False);
        _slow[Node.Peer(1)].SetResult(new PeerPage([Samples.Linktree()]));

        Assert.That((await round).Peers.Single().Verdicts.Inserted, Is.EqualTo(1));
        await StopAsync(loop);
    }

    [Test]
    public async Task End_of_the_loop_ends_late_pulls()
    {
        var node = NewNode(slow: 1, peers: 1);
        var loop = node.Engine.RunAsync(_stop.Token);
        node.Clock.Advance(1.5 * Interval);

        await StopAsync(loop);

        Assert.That(_slow[Node.Peer(1)].Task.IsCanceled, Is.True);
        Assert.That(node.Clock.IsIdle, Is.True);
    }

    [Test]
    public async Task Store_that_fails_for_a_late_pull_fails_the_next_round_and_the_one_after_it_asks_again()
    {
        var store = new FailingOnceStore();
        var node = NewNode(slow: 1, peers: 2, store);
        var loop = node.Engine.RunAsync(_stop.Token);
        node.Clock.Advance(1.5 * Interval);

        _slow[Node.Peer(1)].SetResult(new PeerPage([Samples.Linktree()]));
        node.Clock.Advance(2 * Interval);
        _slow[Node.Peer(1)].SetResult(new PeerPage([Samples.Linktree()]));
        node.Clock.Advance(Interval);

        Assert.That(node.Log.Names(LogLevel.Warning), Does.Contain("StoreFailed"));
        Assert.That(await node.HeldAsync(), Has.Count.EqualTo(1));
        await StopAsync(loop);
    }

    [Test]
    public async Task Lost_lease_ends_late_pulls_between_two_rounds()
    {
        var lease = new FakeLease();
        var node = NewNode(slow: 1, peers: 1, lease: lease);
        var loop = node.Engine.RunAsync(_stop.Token);
        node.Clock.Advance(1.5 * Interval);

        lease.IsElsewhere = true;
        lease.Lose();

        Assert.That(_slow[Node.Peer(1)].Task.IsCanceled, Is.True);
        await StopAsync(loop);
    }

    private static async IAsyncEnumerable<PeerPage> OnePageAndThenNothingAsync(string? entityTag, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new PeerPage([Samples.Linktree()]);
        var never = new TaskCompletionSource(); // Continues inside the cancellation, unlike Task.Delay.
        using var registration = cancellationToken.Register(() => never.TrySetCanceled(cancellationToken));
        await never.Task;
    }

    private static IEnumerable<int> Asked(Node node) => node.Peers.Calls.Select(call => int.Parse(call.Peer.Host["peer".Length..^".example".Length], null));

    private Node NewNode(int slow, int peers, ILinktreeStore? store = null, IReplicationLease? lease = null)
    {
        var node = store is null
            ? new Node { Random = new FixedInterval(), Lease = lease }.Lists(peers)
            : new Node { Random = new FixedInterval(), Lease = lease, Store = store }.Lists(peers);
        for (var peer = 1; peer <= peers; peer++)
        {
            node.Serves(peer);
            if (peer <= slow)
            {
                var address = Node.Peer(peer);
                node.Peers.Answer(address, (_, cancellationToken) => SlowAsync(address, cancellationToken));
            }
        }

        return node;
    }

    private async IAsyncEnumerable<PeerPage> SlowAsync(NodeAddress peer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var page = _slow[peer] = new TaskCompletionSource<PeerPage>();
        using var registration = cancellationToken.Register(() => page.TrySetCanceled(cancellationToken));
        yield return await page.Task;
    }

    private async Task StopAsync(Task loop)
    {
        Assert.That(loop.IsCompleted, Is.False);
        await _stop.CancelAsync();
        await loop;
    }

    /// <summary>No variation, the first round at once, and peers in the order of the list.</summary>
    private sealed class FixedInterval() : Random(0)
    {
        private bool _isStarted;

        public override double NextDouble() => Interlocked.Exchange(ref _isStarted, true) ? 0.5 : 0;

        public override int Next(int minValue, int maxValue) => minValue;
    }

    /// <summary>A store whose first put fails.</summary>
    private sealed class FailingOnceStore : ILinktreeStore
    {
        private readonly InMemoryLinktreeStore _store = new(new DbSharingOptions { TaskId = "task" });
        private bool _hasFailed;

        public ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default) =>
            Interlocked.Exchange(ref _hasFailed, true) ? _store.PutAsync(linktrees, cancellationToken) : throw new LinktreeStoreException("The disk is full.");

        public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default) =>
            _store.GetVersionsAsync(keys, cancellationToken);

        public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) => _store.GetAsync(ids, cancellationToken);

        public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default) => _store.ListAsync(query, cancellationToken);
    }
}
