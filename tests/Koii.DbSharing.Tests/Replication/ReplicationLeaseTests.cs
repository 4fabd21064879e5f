using System.Runtime.CompilerServices;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;
using Moq;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>Rounds of an engine that shares its store with other processes.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ReplicationLeaseTests
{
    private readonly FakeLease _lease = new();

    [Test]
    public async Task Round_without_the_lease_asks_no_peer()
    {
        var node = NodeWithList();
        _lease.IsElsewhere = true;

        var report = await node.ShareAsync();

        Assert.That((report.Outcome, report.Peers.Count, report.StartedAt), Is.EqualTo((RoundOutcome.LeaseHeldElsewhere, 0, node.Clock.GetUtcNow())));
        Assert.That(node.Peers.Calls, Is.Empty);
        node.Directory.Verify(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>()), Times.Never);
        Assert.That(node.Log.Names(LogLevel.Information), Is.Empty, "it is so every round, in all processes but one");
    }

    [Test]
    public async Task Submissions_are_accepted_without_the_lease()
    {
        var node = NodeWithList();
        _lease.IsElsewhere = true;

        Assert.That((await node.Engine.SubmitAsync(Samples.Linktree())).Kind, Is.EqualTo(VerdictKind.Inserted));
    }

    [Test]
    public async Task Peer_state_is_kept_while_the_lease_is_held_without_interruption()
    {
        var node = NodeWithList();

        await node.ShareAsync();
        await node.ShareAsync();

        Assert.That(node.Peers.Calls.Select(call => call.EntityTag), Is.EqualTo(new[] { null, "tag" }));
        Assert.That((_lease.Asked, _lease.Released), Is.EqualTo((2, 0)));
        Assert.That(node.Log.Names(LogLevel.Information), Is.EqualTo(new[] { "Acquired" }));
    }

    [Test]
    public async Task Peer_state_is_cleared_when_the_lease_is_acquired_again([Values] bool whileAnotherHadIt)
    {
        var node = NodeWithList();
        await node.ShareAsync();

        _lease.Lose();
        if (whileAnotherHadIt)
        {
            _lease.IsElsewhere = true;
            Assert.That((await node.ShareAsync()).Outcome, Is.EqualTo(RoundOutcome.LeaseHeldElsewhere));
            _lease.IsElsewhere = false;
        }

        await node.ShareAsync();

        Assert.That(node.Peers.Calls.Select(call => call.EntityTag), Is.EqualTo(new string?[] { null, null }));
        Assert.That(_lease.Released, Is.EqualTo(1), "the handle that was lost is disposed of, the new one is kept");
        Assert.That(node.Log.Names(LogLevel.Information), Is.EqualTo(new[] { "Acquired", "Acquired" }));
    }

    [Test]
    public void Lease_is_released_after_a_round_whose_store_failed()
    {
        var store = new Mock<ILinktreeStore>();
        store.Setup(service => service.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>())).ThrowsAsync(new LinktreeStoreException("The disk is full."));
        var node = new Node { Lease = _lease, Store = store.Object }.Lists(1).Serves(1, Samples.Linktree());

        Assert.That(() => node.ShareAsync(), Throws.TypeOf<LinktreeStoreException>());

        Assert.That((_lease.Asked, _lease.Released), Is.EqualTo((1, 1)), "another process may be able to use the store");
    }

    [Test]
    public async Task Lost_lease_ends_the_round_and_keeps_the_stored_records()
    {
        var node = new Node { Lease = _lease }.Lists(1);
        node.Peers.Answer(Node.Peer(1), OneAndThenNothingAsync);

        var round = node.ShareAsync();
        Assert.That(await node.HeldAsync(), Has.Count.EqualTo(1));
        Assert.That(round.IsCompleted, Is.False);
        _lease.Lose();

        Assert.That((await round).Outcome, Is.EqualTo(RoundOutcome.LeaseHeldElsewhere));
        Assert.That(await node.HeldAsync(), Has.Count.EqualTo(1));
        Assert.That(_lease.Released, Is.EqualTo(1));
        Assert.That(node.Log.Names(LogLevel.Warning), Is.EqualTo(new[] { "Lost" }));
    }

    [Test]
    public async Task Canceled_round_under_a_lease_is_a_cancellation()
    {
        var node = new Node { Lease = _lease }.Lists(1);
        node.Peers.Answer(Node.Peer(1), OneAndThenNothingAsync);
        using var cancellation = new CancellationTokenSource();

        var round = node.ShareAsync(cancellation.Token);
        cancellation.Cancel();

        var thrown = await Assert.CatchAsync<OperationCanceledException>(() => round);
        Assert.That(thrown!.CancellationToken, Is.EqualTo(cancellation.Token));
        Assert.That(_lease.Released, Is.Zero, "the process may run another");
    }

    [Test]
    public async Task Loop_releases_the_lease_when_it_ends()
    {
        using var thread = new DrivingThread();
        using var stop = new CancellationTokenSource();
        var node = new Node { Lease = _lease, Random = new ScriptedRandom(0, 0.5) }.Lists();

        var loop = node.Engine.RunAsync(stop.Token);
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That((_lease.Asked, _lease.Released), Is.EqualTo((1, 0)), "not between rounds");
        stop.Cancel();
        await loop;

        Assert.That(_lease.Released, Is.EqualTo(1));
    }

    [Test]
    public async Task Loop_that_ends_leaves_the_lease_to_a_running_round_of_the_application()
    {
        var node = new Node { Lease = _lease };
        var listing = new TaskCompletionSource<NodeListing>();
        node.Directory.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Returns(new ValueTask<NodeListing>(listing.Task));

        var own = node.ShareAsync();
        await node.Engine.RunAsync(new CancellationToken(canceled: true));
        Assert.That(_lease.Released, Is.Zero);
        listing.SetResult(new NodeListing([]));

        Assert.That((await own).Outcome, Is.EqualTo(RoundOutcome.Completed));
    }

    [Test]
    public async Task Failure_to_release_the_lease_is_logged_and_the_loop_ends_normally()
    {
        var node = new Node { Lease = _lease }.Lists();
        await node.ShareAsync();
        _lease.Failure = new LinktreeStoreException("Gone.");

        await node.Engine.RunAsync(new CancellationToken(canceled: true));

        Assert.That(node.Log.Names(LogLevel.Warning), Is.EqualTo(new[] { "NotReleased" }));
    }

    [Test]
    public async Task Failure_to_acquire_the_lease_ends_the_round_and_the_next_one_runs()
    {
        var node = NodeWithList();
        _lease.Failure = new LinktreeStoreException("Gone.") { IsTransient = true };

        await Assert.ThatAsync(() => node.ShareAsync(), Throws.InstanceOf<LinktreeStoreException>());
        _lease.Failure = null;

        Assert.That((await node.ShareAsync()).Outcome, Is.EqualTo(RoundOutcome.Completed));
    }

    private Node NodeWithList()
    {
        var node = new Node { Lease = _lease }.Lists(1);
        node.Peers.Serve(Node.Peer(1), new PeerPage([]) { EntityTag = "tag" });
        return node;
    }

    private static async IAsyncEnumerable<PeerPage> OneAndThenNothingAsync(string? entityTag, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new PeerPage([Samples.Linktree()]);
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }
}
