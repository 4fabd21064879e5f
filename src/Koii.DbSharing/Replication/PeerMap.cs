namespace Koii.DbSharing.Replication;

/// <summary>
/// Something known of each of many peers, by address and bounded: beyond <see cref="Capacity"/>, what is not worth keeping goes first, and of that what was not touched
/// for long. So a node list of ever new addresses pushes out its own kind. For one thread at a time.
/// </summary>
/// <param name="isWorthKeeping">Whether something was hard to come by.</param>
internal sealed class PeerMap<T>(Func<T, bool> isWorthKeeping)
    where T : class
{
    /// <summary>How many peers are remembered.</summary>
    public const int Capacity = 4_096;

    private readonly Dictionary<NodeAddress, (T Known, long Touched)> _entries = [];
    private long _touches;

    public int Count => _entries.Count;

    public T? Find(NodeAddress peer) => _entries.TryGetValue(peer, out var entry) ? entry.Known : null;

    public void Set(NodeAddress peer, T known)
    {
        if (_entries.Count >= Capacity && !_entries.ContainsKey(peer))
            ForgetSome();
        _entries[peer] = (known, ++_touches);
    }

    public void Remove(NodeAddress peer) => _entries.Remove(peer);

    public void Clear() => _entries.Clear();

    private void ForgetSome()
    {
        // A quarter at once, so that a list of ever new addresses does not cost a search for each of them.
        var forgotten = _entries.OrderBy(pair => isWorthKeeping(pair.Value.Known)).ThenBy(pair => pair.Value.Touched).Take(Capacity / 4).ToArray();
        foreach (var (peer, _) in forgotten)
            _entries.Remove(peer);
    }
}
