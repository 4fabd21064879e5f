using System.Runtime.CompilerServices;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// An engine over a store under test. Its <see cref="ReplicationEngine.GetSummaryAsync"/> reads the store as a node
/// does: it follows the change feed.
/// </summary>
public static class EngineWithoutPeers
{
    /// <summary>Creates an engine.</summary>
    public static ReplicationEngine Create(ILinktreeStore store, DbSharingOptions? options = null) => new(
        new StaticNodeDirectory([]), new NoPeers(), new Ed25519SignatureVerifier(), store, options ?? Samples.Options());

    private sealed class NoPeers : IPeerClient
    {
        public async IAsyncEnumerable<PeerPage> ReadAllAsync(
            NodeAddress peer, string? entityTag, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.CompletedTask;
            yield break;
        }
    }
}
