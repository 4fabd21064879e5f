namespace Koii.DbSharing.Benchmarks.Sync;

/// <summary>The peer client of an engine that only serves.</summary>
internal sealed class NoPeers : IPeerClient
{
    public IAsyncEnumerable<PeerPage> ReadAllAsync(NodeAddress peer, string? entityTag, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("This engine has no peers.");
}
