using System.Runtime.CompilerServices;
using Koii.DbSharing.TestSupport;
using Moq;

namespace Koii.DbSharing.Tests.Replication;

public sealed class ReplicationRoundTests
{
    private const int Peers = 10;

    [Test]
    public async Task All_peers_are_asked_concurrently_and_reports_have_the_order_of_the_selection()
    {
        var node = new Node().Lists(Peers);
        var allAreAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = 0;
        for (var peer = 1; peer <= Peers; peer++)
            node.Peers.Answer(Node.Peer(peer), (_, _) => WaitForAllAsync());

        var report = await node.ShareAsync();

        Assert.That(report.Peers.Select(peer => peer.Peer), Is.EqualTo(node.Peers.Calls.Select(call => call.Peer)).And.EquivalentTo(Enumerable.Range(1, Peers).Select(Node.Peer)));
        Assert.That(report.Peers.Select(peer => peer.Failure), Is.All.Null);

        async IAsyncEnumerable<PeerPage> WaitForAllAsync()
        {
            if (Interlocked.Increment(ref asked) == Peers)
                allAreAsked.SetResult();
            await allAreAsked.Task;
            yield return new PeerPage([]);
        }
    }

    [Test]
    public void Failure_of_the_store_cancels_the_other_peers_and_is_thrown_once_they_have_stopped()
    {
        var store = new Mock<ILinktreeStore>();
        var failure = new LinktreeStoreException("The disk is full.");
        store.Setup(s => s.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>())).ThrowsAsync(failure);
        var node = new Node { Store = store.Object }.Lists(2);
        var stopped = false;
        var isWaiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Peers.Answer(Node.Peer(1), (_, _) => OneRecordAsync());
        node.Peers.Answer(Node.Peer(2), (_, token) => WaitAsync(token));

        Assert.That(() => node.ShareAsync(), Throws.Exception.SameAs(failure));
        Assert.That(stopped, Is.True);

        async IAsyncEnumerable<PeerPage> OneRecordAsync()
        {
            await isWaiting.Task;
            yield return new PeerPage([Samples.Linktree()]);
        }

        async IAsyncEnumerable<PeerPage> WaitAsync([EnumeratorCancellation] CancellationToken token)
        {
            isWaiting.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stopped = true;
            token.ThrowIfCancellationRequested();
            yield break;
        }
    }

    [Test]
    public async Task Empty_node_list_is_a_completed_round_without_peers()
    {
        var report = await new Node().Lists(0).ShareAsync();

        Assert.That((report.Outcome, report.Peers.Count), Is.EqualTo((RoundOutcome.Completed, 0)));
    }
}
