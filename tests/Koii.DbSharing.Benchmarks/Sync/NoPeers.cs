namespace Koii.DbSharing.Benchmarks.Sync;

/// <summary>For an engine that only serves.</summary>
internal sealed class NoPeers : IPeerClient
{
    public IAsyncEnumerable<PeerPage> ReadAllAsync(NodeAddress peer, string? entityTag, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("There is nobody to be asked.");
}
