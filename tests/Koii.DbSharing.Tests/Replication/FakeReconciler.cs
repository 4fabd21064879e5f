using System.Collections.Concurrent;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>A network without a wire whose peers have the extension. A peer that was not added does not have it.</summary>
internal sealed class FakeReconciler : IPeerReconciler
{
    private static readonly PeerFailure NotSupported = new(PeerFailureKind.NotSupported);

    private readonly Dictionary<NodeAddress, ExtendedPeer> _peers = [];

    /// <summary>What was asked, in order: <c>summary</c>, <c>reconcile</c>, <c>fetch</c>.</summary>
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
