using Koii.DbSharing.TestSupport;
using Moq;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>An engine with fakes around it, for a task named <c>task</c>. What a test does not set works.</summary>
internal sealed class Node
{
    private ReplicationEngine? _engine;
    private ILinktreeStore? _store;

    public DbSharingOptions Options { get; } = new() { TaskId = "task" };

    public FakeClock Clock { get; } = new();

    public ListLogger Log { get; } = new();

    public FakePeerClient Peers { get; } = new();

    public Mock<INodeDirectory> Directory { get; } = new();

    public FakeVerifier Checker { get; } = new();

    public ISignatureVerifier? Verifier { get; init; }

    public IPeerClient? Client { get; init; }

    public IPeerReconciler? Reconciler { get; init; }

    public IReplicationLease? Lease { get; init; }

    public IAdmissionPolicy? Policy { get; init; }

    /// <summary>Default: none, so that a round runs on the thread that drives it.</summary>
    public TaskScheduler? StoreScheduler { get; init; }

    public ILinktreeStore Store
    {
        get => _store ??= new InMemoryLinktreeStore(Options);
        init => _store = value;
    }

    public Random Random { get; init; } = new(1);

    public ReplicationEngine Engine => _engine ??= new ReplicationEngine(
        Directory.Object, Client ?? Peers, Verifier ?? Checker, Store, Options,
        new ReplicationEngineServices { TimeProvider = Clock, Random = Random, LoggerFactory = Log, Reconciler = Reconciler, Lease = Lease, Policy = Policy, StoreScheduler = StoreScheduler });

    public static NodeAddress Peer(int number) => NodeAddress.Parse($"http://peer{number}.example");

    /// <summary>Lists peers 1 to <paramref name="count"/>.</summary>
    public Node Lists(int count) => Lists([.. Enumerable.Range(1, count).Select(Peer)]);

    public Node Lists(params NodeAddress[] nodes)
    {
        Directory.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).ReturnsAsync(new NodeListing(nodes));
        return this;
    }

    public Node Serves(int peer, params IEnumerable<SignedLinktree> linktrees)
    {
        Peers.Serve(Peer(peer), new PeerPage([.. linktrees]));
        return this;
    }

    public Task<ReplicationReport> ShareAsync(CancellationToken cancellationToken = default) => Engine.ShareAsync(cancellationToken);

    /// <summary>Everything that is held, tombstones included, oldest first.</summary>
    public async Task<IReadOnlyList<SignedLinktree>> HeldAsync()
    {
        var page = await Store.ListAsync(new LinktreeQuery { IncludeTombstones = true, Limit = int.MaxValue });
        Assert.That(page.Next, Is.Null, "more than a page");
        return page.Linktrees;
    }
}
