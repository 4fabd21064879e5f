using System.Runtime.CompilerServices;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>A page is stored while the next one is verified and the one after it is read.</summary>
public sealed class PeerPullOverlapTests
{
    private DrivingThread _thread = null!;
    private GatedStore _store = null!;
    private Node _node = null!;
    private int _pagesRead;

    [SetUp]
    public void SetUp()
    {
        _thread = new DrivingThread();
        _store = new GatedStore(new DbSharingOptions { TaskId = "task" });
        _node = new Node { Store = _store, Options = { PeerLimits = { MaxBadSignatures = 3 } } }.Lists(1);
        _pagesRead = 0;
    }

    [TearDown]
    public void TearDown() => _thread.Dispose();

    [Test]
    public async Task Pull_holds_three_pages_one_stored_one_verified_and_one_read_ahead()
    {
        Serve(Page(1), Page(2), Page(3), Page(4));

        var round = _node.ShareAsync();
        Assert.That((_store.Started, _node.Checker.Checks, _pagesRead), Is.EqualTo((1, 2, 3)));
        await _store.LetAllGoUntilAsync(round);

        Assert.That((await round).Verdicts, Is.EqualTo(new VerdictCounts { Inserted = 4 }));
    }

    [Test]
    public async Task Records_of_two_peers_are_checked_once_and_each_report_is_exact([Values] bool onTwoThreads)
    {
        var node = new Node { StoreScheduler = onTwoThreads ? TaskScheduler.Default : null }.Lists(3);
        for (var peer = 1; peer <= 3; peer++)
            node.Peers.Serve(Node.Peer(peer), [.. Enumerable.Range(1, 20).Select(Page)]);

        var report = await node.ShareAsync();

        Assert.That(node.Checker.Checks, Is.EqualTo(20));
        Assert.That(report.Verdicts, Is.EqualTo(new VerdictCounts { Inserted = 20, Unchanged = 40 }));
        Assert.That(report.Peers.Select(peer => peer.Verdicts.Total), Is.All.EqualTo(20));
    }

    [Test]
    public async Task Failed_put_ends_the_round_although_the_peer_sends_nothing_more()
    {
        _node.Peers.Answer(Node.Peer(1), (_, token) => HangsAfterAsync([Page(1)], token));

        var round = _node.ShareAsync();
        (await _store.StartedAsync(0)).Fail(new LinktreeStoreException("Full disk."));

        Assert.That(async () => await round, Throws.InstanceOf<LinktreeStoreException>());
    }

    [Test]
    public async Task Nothing_is_stored_and_no_peer_is_recorded_after_a_failed_put()
    {
        _node.Lists(2);
        Serve(Page(1), Page(2) with { EntityTag = "tag" });
        _node.Serves(2, Samples.Linktree(3));

        var round = _node.ShareAsync();
        (await _store.StartedAsync(0)).Fail(new LinktreeStoreException("Full disk."));

        Assert.That(async () => await round, Throws.InstanceOf<LinktreeStoreException>());
        Assert.That(_store.Started, Is.EqualTo(1));
        Assert.That(_node.Engine.GetPeers(), Is.Empty);
        Assert.That(await _node.HeldAsync(), Is.Empty);
    }

    [Test]
    public async Task Entity_tag_is_recorded_after_the_last_put()
    {
        Serve(Page(1), Page(2) with { EntityTag = "tag" });

        var round = _node.ShareAsync();
        (await _store.StartedAsync(0)).LetGo();
        var last = await _store.StartedAsync(1);
        Assert.That(_node.Engine.GetPeers(), Is.Empty, "the list was read and verified, and is not stored yet");
        last.LetGo();
        await round;
        await _node.ShareAsync();

        Assert.That(_node.Peers.Calls.Select(call => call.EntityTag), Is.EqualTo(new[] { null, "tag" }));
    }

    [Test]
    public async Task Cancellation_waits_for_the_put_under_way_and_starts_no_other()
    {
        Serve(Page(1), Page(2), Page(3));
        using var cancellation = new CancellationTokenSource();

        var round = _node.ShareAsync(cancellation.Token);
        var put = await _store.StartedAsync(0);
        cancellation.Cancel();
        Assert.That(round.IsCompleted, Is.False);
        put.LetGo();

        Assert.That(async () => await round, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_store.Started, Is.EqualTo(1));
        Assert.That(await _node.HeldAsync(), Is.EqualTo(new[] { Samples.Linktree(1) }), "stored when the round ended");
    }

    [Test]
    public async Task Page_after_too_many_bad_signatures_is_not_processed_even_if_they_are_found_after_a_put()
    {
        // The second page has newer versions of what the first one is storing, so their signatures are checked after its put.
        SignedLinktree[] records = [.. Enumerable.Range(1, 3).Select(author => Samples.Linktree(author, timestamp: author))];
        SignedLinktree[] forged = [.. records.Select(record => Samples.Linktree(record.Author, record.Uuid, record.Timestamp + 10).Forged())];
        Serve(new PeerPage(records), new PeerPage(forged), Page(9));

        var round = _node.ShareAsync();
        Assert.That(_node.Checker.Checks, Is.EqualTo(3));
        (await _store.StartedAsync(0)).LetGo();

        var peer = (await round).Peers.Single();
        Assert.That(peer.Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.TooManyBadSignatures) { Detail = "3 signature checks failed." }));
        Assert.That((peer.Verdicts.Inserted, peer.Verdicts.Total, _node.Checker.Checks), Is.EqualTo((3, 6, 6)));
    }

    [Test]
    public async Task Page_after_a_bad_signature_is_not_processed_when_records_are_fetched()
    {
        var network = new FakeReconciler();
        var node = new Node { Store = _store, Reconciler = network, StoreScheduler = null }.Lists(1);
        SignedLinktree[] records = [.. Enumerable.Range(1, 3).Select(author => Samples.Linktree(author, timestamp: author))];
        await _store.HoldAsync(Samples.Linktree(7), Samples.Linktree(8)); // Enough that the list is not read first.
        var peer = network.Add(Node.Peer(1), records);
        peer.Fetch = (_, _) => PagesAsync([new PeerPage([records[0], records[1].Forged()]), new PeerPage([records[2]])]);

        var round = node.ShareAsync();
        Assert.That(node.Checker.Checks, Is.EqualTo(2));
        (await _store.StartedAsync(0)).LetGo();
        await round;

        Assert.That((node.Checker.Checks, _store.Started), Is.EqualTo((2, 1)));
        Assert.That(network.Calls, Does.Contain("fetch"));
    }

    [Test]
    public async Task Round_without_a_scheduler_runs_on_the_thread_that_drives_it()
    {
        var thread = Environment.CurrentManagedThreadId;
        var verifier = new ThreadVerifier();
        var node = new Node { Verifier = verifier, Options = { MaxConcurrentPeers = 3 } }.Lists(3);
        for (var peer = 1; peer <= 3; peer++)
            node.Peers.Serve(Node.Peer(peer), [.. Enumerable.Range(10 * peer, 5).Select(Page)]);

        var round = node.ShareAsync();

        Assert.That(round.IsCompletedSuccessfully, Is.True);
        Assert.That((await round).Verdicts.Inserted, Is.EqualTo(15));
        Assert.That(verifier.Threads, Is.EqualTo(new[] { thread }));
    }

    private static PeerPage Page(int author) => new([Samples.Linktree(author)]);

    private void Serve(params PeerPage[] pages) => _node.Peers.Answer(Node.Peer(1), (entityTag, _) => PagesAsync(entityTag is null ? pages : [new PeerPage([]) { NotModified = true }]));

    private async IAsyncEnumerable<PeerPage> PagesAsync(IEnumerable<PeerPage> pages)
    {
        await Task.CompletedTask;
        foreach (var page in pages)
        {
            _pagesRead++;
            yield return page;
        }
    }

    private async IAsyncEnumerable<PeerPage> HangsAfterAsync(IEnumerable<PeerPage> pages, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(pages))
            yield return page;
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }

    private sealed class ThreadVerifier : ISignatureVerifier
    {
        public HashSet<int> Threads { get; } = [];

        public bool Verify(SignedLinktree linktree)
        {
            Threads.Add(Environment.CurrentManagedThreadId);
            return true;
        }
    }
}
