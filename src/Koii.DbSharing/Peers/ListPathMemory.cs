namespace Koii.DbSharing.Peers;

/// <summary>Remembers which path of a peer works (protocol §4.2). Bounded; safe for use by many threads.</summary>
internal sealed class ListPathMemory
{
    /// <summary>How many peers are remembered.</summary>
    public const int Capacity = 1_024;

    private readonly Lock _lock = new();
    private readonly Dictionary<NodeAddress, ListPath> _paths = [];

    /// <summary>The path that worked the last time, or <see langword="null"/>.</summary>
    public ListPath? Recall(NodeAddress peer)
    {
        lock (_lock)
            return _paths.TryGetValue(peer, out var path) ? path : null;
    }

    /// <summary>Notes that a path works.</summary>
    public void Remember(NodeAddress peer, ListPath path)
    {
        lock (_lock)
        {
            // Forgetting costs one request that ends in 404, so all at once is good enough, and no list of names can make it grow.
            if (_paths.Count >= Capacity && !_paths.ContainsKey(peer))
                _paths.Clear();
            _paths[peer] = path;
        }
    }
}
