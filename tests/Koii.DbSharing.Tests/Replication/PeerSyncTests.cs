using System.Runtime.CompilerServices;
using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>Which step is taken when (protocol §4.3).</summary>
public sealed class PeerSyncTests : PeerSyncFixture
{
    [Test]
    public async Task Peer_that_holds_the_same_records_is_asked_for_its_summary_only()
    {
        await HoldsAsync(Records(40));
        _network.Add(Node.Peer(1), Records(40));

        var peer = await AskAsync();

        Assert.That((peer.Path, peer.Failure, peer.BytesReceived), Is.EqualTo((PeerPath.InSync, (PeerFailure?)null, 100L)));
        AssertAsked("summary");
    }

    [Test]
    public async Task Only_the_differences_are_fetched()
    {
        await HoldsAsync(Records(200, from: 3));
        _network.Add(Node.Peer(1), Records(198));

        var peer = await AskAsync();

        Assert.That((peer.Path, peer.Verdicts.Inserted, peer.Verdicts.Total, peer.Failure), Is.EqualTo((PeerPath.Reconciled, 3L, 3L, (PeerFailure?)null)));
        AssertAsked("summary", "reconcile", "fetch");
        Assert.That(peer.BytesReceived, Is.EqualTo(11_100));
    }

    [Test]
    public async Task Peer_without_missing_records_is_asked_for_no_records()
    {
        await HoldsAsync(Records(20));
        _network.Add(Node.Peer(1), Records(19));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.Reconciled));
        AssertAsked("summary", "reconcile");
    }

    [Test]
    public async Task More_than_a_thousand_records_are_fetched_in_several_requests()
    {
        await HoldsAsync(Records(1_300));
        _network.Add(Node.Peer(1), Records(2_500));

        Assert.That((await AskAsync()).Verdicts.Inserted, Is.EqualTo(1_200));
        Assert.That(_network.Calls.Count(call => call == "fetch"), Is.EqualTo(2));
    }

    // The conditions of protocol §4.3 b.

    [Test]
    public async Task First_list_is_read_in_full_from_a_peer_with_more_than_twice_as_many_records()
    {
        await HoldsAsync(Records(10));
        _node.Serves(1, Records(21));
        _network.Add(Node.Peer(1), Records(21));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        AssertAsked("summary", "list");
    }

    [Test]
    public async Task Peer_with_twice_as_many_records_is_reconciled()
    {
        await HoldsAsync(Records(10));
        _network.Add(Node.Peer(1), Records(20));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.Reconciled));
    }

    [Test]
    public async Task Peer_whose_list_was_read_within_the_hour_is_reconciled_at_any_size()
    {
        _node.Serves(1, Records(2));
        var peer = _network.Add(Node.Peer(1), Records(2));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        await peer.PutAsync(Records(30));

        _node.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.Reconciled));
        await peer.PutAsync(Records(300));
        _node.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
    }

    [Test]
    public async Task Peer_with_another_limit_per_author_is_not_reconciled_and_its_list_is_read_hourly_with_a_warning()
    {
        await HoldsAsync(Records(10));
        _node.Serves(1, Records(11, from: 1));
        _network.Add(Node.Peer(1), Records(11, from: 2)).PerAuthor = 4;

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        var next = await AskAsync();
        Assert.That((next.Path, next.Failure), Is.EqualTo((PeerPath.None, (PeerFailure?)null)));
        _node.Clock.Advance(TimeSpan.FromHours(1));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));

        AssertAsked("summary", "list", "summary", "summary", "list");
        Assert.That(_node.Log.Lines.Count(line => line.Level == LogLevel.Warning), Is.EqualTo(2));
    }

    [Test]
    public async Task Peer_with_another_limit_per_author_may_be_in_sync()
    {
        await HoldsAsync(Records(10));
        _network.Add(Node.Peer(1), Records(10)).PerAuthor = 4;

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.InSync));
    }

    [Test]
    public async Task Full_list_is_read_from_a_peer_without_reconciliation()
    {
        await HoldsAsync(Records(10));
        _network.Add(Node.Peer(1), Records(11)).CanReconcile = false;
        _node.Serves(1, Records(11));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        AssertAsked("summary", "list");
    }

    // What is remembered of a peer.

    [Test]
    public async Task Peer_without_the_extension_is_not_asked_for_a_summary_for_ten_minutes()
    {
        _node.Serves(1, Records(3));

        for (var round = 0; round < 3; round++)
        {
            Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
            _node.Clock.Advance(TimeSpan.FromMinutes(5));
        }

        AssertAsked("summary", "list", "list", "summary", "list");
    }

    [Test]
    public async Task Passing_failure_of_a_peer_with_the_extension_costs_one_list()
    {
        await HoldsAsync(Records(10));
        _node.Serves(1, Records(10));
        var peer = _network.Add(Node.Peer(1), Records(10));
        var honest = peer.Summary;
        await AskAsync();

        peer.Summary = _ => ValueTask.FromResult(new PeerAnswer<PeerSummary>(null, PassingFailure, 0));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        peer.Summary = honest;
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.InSync));
    }

    [Test]
    public async Task Failure_of_a_peer_with_unknown_capabilities_counts_as_no_extension()
    {
        _node.Serves(1, Records(10));
        _network.Add(Node.Peer(1)).Summary = _ => ValueTask.FromResult(new PeerAnswer<PeerSummary>(null, PassingFailure, 0));

        await AskAsync();
        await AskAsync();

        AssertAsked("summary", "list", "list");
    }

    [TestCase(PeerFailureKind.Unreachable)]
    [TestCase(PeerFailureKind.AddressRefused)]
    [TestCase(PeerFailureKind.TimedOut)]
    public async Task Unreachable_peer_is_not_asked_for_its_list(PeerFailureKind kind)
    {
        var failure = new PeerFailure(kind);
        _network.Add(Node.Peer(1)).Summary = _ => ValueTask.FromResult(new PeerAnswer<PeerSummary>(null, failure, 0));

        Assert.That((await AskAsync()).Failure, Is.EqualTo(failure));
        AssertAsked("summary");
    }

    [Test]
    public async Task Peer_that_asks_for_a_pause_is_not_asked_for_its_list()
    {
        var failure = new PeerFailure(PeerFailureKind.HttpStatus) { StatusCode = 429, RetryAfter = TimeSpan.FromMinutes(2) };
        _network.Add(Node.Peer(1)).Summary = _ => ValueTask.FromResult(new PeerAnswer<PeerSummary>(null, failure, 0));

        Assert.That((await AskAsync()).Failure, Is.EqualTo(failure));
    }

    [Test]
    public async Task Answer_without_value_and_failure_is_an_unexpected_error_of_the_reconciler()
    {
        _network.Add(Node.Peer(1)).Summary = _ => default;
        _node.Serves(1, Records(3));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        Assert.That(_node.Log.Names(LogLevel.Error), Is.EqualTo(new[] { "ServiceThrew" }));
    }

    [Test]
    public async Task Engine_without_a_reconciler_reads_full_lists()
    {
        var node = new Node().Lists(1).Serves(1, Records(3));

        Assert.That((await node.ShareAsync()).Peers.Single().Path, Is.EqualTo(PeerPath.FullList));
    }

    [Test]
    public async Task Peer_that_asks_for_a_pause_during_reconciliation_is_not_asked_for_its_list()
    {
        await HoldsAsync(Records(10));
        var pause = new PeerFailure(PeerFailureKind.HttpStatus) { StatusCode = 503, RetryAfter = TimeSpan.FromMinutes(10) };
        _network.Add(Node.Peer(1), Records(11)).Reconcile = (_, _) => ValueTask.FromResult(new PeerAnswer<ReadOnlyMemory<byte>>(default, pause, 0));

        Assert.That((await AskAsync()).Failure, Is.EqualTo(pause));
        AssertAsked("summary", "reconcile");
    }

    [Test]
    public async Task Pull_that_runs_out_of_time_with_new_records_is_partial_and_no_failure([Values] bool mostIsNew)
    {
        var records = Records(10);
        await HoldsAsync(records[..(mostIsNew ? 4 : 6)]);
        _node.Peers.Answer(Node.Peer(1), PageAndThenNothing);

        var round = _node.ShareAsync();
        _node.Clock.Advance(_node.Options.PeerLimits.PeerTimeout);
        var peer = (await round).Peers.Single();

        Assert.That((peer.IsPartial, peer.Failure?.Kind), Is.EqualTo((mostIsNew, mostIsNew ? (PeerFailureKind?)null : PeerFailureKind.TimedOut)));
        Assert.That(_node.Engine.GetPeers()[0].State, Is.EqualTo(mostIsNew ? PeerState.Ready : PeerState.BackingOff));

        async IAsyncEnumerable<PeerPage> PageAndThenNothing(string? entityTag, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return new PeerPage(records);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
    }

    [Test]
    public async Task Warning_is_logged_once_if_no_peer_has_the_task()
    {
        _node.Peers.Serve(Node.Peer(1), new PeerPage([]) { NotFound = true });

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.NotFound));
        await AskAsync();

        Assert.That(_node.Log.Names(LogLevel.Warning), Is.EqualTo(new[] { "TaskNotFound" }));
    }

    [TestCase(3, 61, true)]
    [TestCase(3, 59, false)]
    [TestCase(2, 7200, false)]
    public async Task Warning_is_logged_once_if_the_clock_differs_from_the_median_of_three_addresses(int addresses, int seconds, bool isLogged)
    {
        var node = new Node().Lists(4);
        for (var peer = 1; peer <= 4; peer++)
        {
            // Two peers at one address count once, and one lie does not move the median.
            var source = new PeerSource($"192.0.2.{Math.Min(peer, addresses)}", peer == 1 ? TimeSpan.FromDays(-1000) : TimeSpan.FromSeconds(seconds));
            node.Peers.Serve(Node.Peer(peer), new PeerPage([]) { Source = source });
        }

        await node.ShareAsync();
        await node.ShareAsync();

        Assert.That(node.Log.Names(LogLevel.Warning), Is.EqualTo(isLogged ? new[] { "ClockDiffers" } : []));
    }

    [Test]
    public async Task Store_that_renews_its_feed_lets_superseded_records_and_unchanged_lists_in_again()
    {
        var store = new RenewableStore();
        var (old, @new) = (Samples.Linktree(1, "a", 1_000), Samples.Linktree(1, "a", 2_000));
        var node = new Node { Store = store }.Lists(1);
        node.Peers.Serve(Node.Peer(1), new PeerPage([old]) { EntityTag = "tag" });
        await store.PutAsync([@new]);
        await node.ShareAsync();
        await node.ShareAsync();
        await node.ShareAsync();
        Assert.That(node.Peers.Calls.Select(call => call.EntityTag), Is.EqualTo(new[] { null, null, "tag" }));

        store.Renew();
        var report = await node.ShareAsync();

        Assert.That(report.Verdicts.Inserted, Is.EqualTo(1));
        Assert.That(node.Peers.Calls.Last().EntityTag, Is.Null);
    }

    /// <summary>A store that can lose all records and then starts a new feed.</summary>
    private sealed class RenewableStore : ILinktreeStore, ILinktreeChangeFeed
    {
        private InMemoryLinktreeStore _store = NewStore();

        public void Renew() => _store = NewStore();

        public ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default) =>
            _store.PutAsync(linktrees, cancellationToken);

        public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default) =>
            _store.GetVersionsAsync(keys, cancellationToken);

        public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) => _store.GetAsync(ids, cancellationToken);

        public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default) => _store.ListAsync(query, cancellationToken);

        public ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default) =>
            _store.ReadChangesAsync(after, limit, cancellationToken);

        private static InMemoryLinktreeStore NewStore() => new(new DbSharingOptions { TaskId = "task" });
    }
}
