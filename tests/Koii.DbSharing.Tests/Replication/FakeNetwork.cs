using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Koii.DbSharing.Reconciliation;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>A network in memory: each peer responds by its script. A peer without one is unreachable.</summary>
internal sealed class FakePeerClient : IPeerClient
{
    public delegate IAsyncEnumerable<PeerPage> Script(string? entityTag, CancellationToken cancellationToken);

    private readonly Dictionary<NodeAddress, Script> _scripts = [];

    public ConcurrentQueue<(NodeAddress Peer, string? EntityTag)> Calls { get; } = [];

    public void Serve(NodeAddress peer, params IReadOnlyList<PeerPage> pages) => Answer(peer, (_, cancellationToken) => Pages(pages, cancellationToken));

    public void Answer(NodeAddress peer, Script script) => _scripts[peer] = script;

    public IAsyncEnumerable<PeerPage> ReadAllAsync(NodeAddress peer, string? entityTag, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue((peer, entityTag));
        return _scripts.TryGetValue(peer, out var script)
            ? script(entityTag, cancellationToken)
            : Pages([new PeerPage([]) { Failure = new PeerFailure(PeerFailureKind.Unreachable) }], cancellationToken);
    }

    private static async IAsyncEnumerable<PeerPage> Pages(
        IReadOnlyList<PeerPage> pages, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var page in pages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return page;
        }
    }
}

/// <summary>A network in memory whose peers have the extension. A peer that was not added does not have it.</summary>
internal sealed class FakeReconciler : IPeerReconciler
{
    private static readonly PeerFailure NotSupported = new(PeerFailureKind.NotSupported);

    private readonly Dictionary<NodeAddress, ExtendedPeer> _peers = [];

    /// <summary>The calls, in order: <c>summary</c>, <c>reconcile</c>, <c>fetch</c>.</summary>
    public ConcurrentQueue<string> Calls { get; } = [];

    public ExtendedPeer Add(NodeAddress peer, params IEnumerable<SignedLinktree> holds) => _peers[peer] = new ExtendedPeer(holds);

    public async ValueTask<PeerAnswer<PeerSummary>> GetSummaryAsync(NodeAddress peer, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue("summary");
        return _peers.TryGetValue(peer, out var known) ? await known.Summary(cancellationToken) : new PeerAnswer<PeerSummary>(null, NotSupported, 1);
    }

    public ValueTask<PeerAnswer<ReadOnlyMemory<byte>>> ReconcileAsync(NodeAddress peer, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue("reconcile");
        return _peers[peer].Reconcile(message, cancellationToken);
    }

    public IAsyncEnumerable<PeerPage> FetchAsync(NodeAddress peer, IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue("fetch");
        return _peers[peer].Fetch(ids, cancellationToken);
    }
}

/// <summary>An honest peer with the extension, whose answers a test can replace.</summary>
internal sealed class ExtendedPeer
{
    private readonly InMemoryLinktreeStore _store = new(new DbSharingOptions { TaskId = "task", LinktreesPerAuthor = 100_000 });
    private readonly LinktreeIndex _index;

    public ExtendedPeer(IEnumerable<SignedLinktree> holds)
    {
        _index = new LinktreeIndex(_store);
        _store.PutAsync([.. holds]).AsTask().GetAwaiter().GetResult();
        Summary = async _ => new PeerAnswer<PeerSummary>(new PeerSummary(await _index.GetSummaryAsync(), PerAuthor) { CanReconcile = CanReconcile }, null, 100);
        Reconcile = async (message, _) => new PeerAnswer<ReadOnlyMemory<byte>>(new Responder(await _index.GetItemsAsync(default)).Respond(message.Span), null, 1_000);
        Fetch = (ids, _) => PagesAsync(async () => new PeerPage(await _store.GetAsync(ids)) { BytesReceived = 10_000 });
    }

    public int PerAuthor { get; set; } = 16;

    public bool CanReconcile { get; set; } = true;

    public Func<CancellationToken, ValueTask<PeerAnswer<PeerSummary>>> Summary { get; set; }

    public Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<PeerAnswer<ReadOnlyMemory<byte>>>> Reconcile { get; set; }

    public Func<IReadOnlyList<LinktreeId>, CancellationToken, IAsyncEnumerable<PeerPage>> Fetch { get; set; }

    public ValueTask PutAsync(params SignedLinktree[] linktrees) => new(_store.PutAsync(linktrees).AsTask());

    public static async IAsyncEnumerable<PeerPage> PagesAsync(Func<Task<PeerPage>> page, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        yield return await page();
    }
}
