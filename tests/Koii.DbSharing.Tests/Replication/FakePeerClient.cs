using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>A network without a wire: each peer answers by its script. A peer without one is unreachable.</summary>
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
