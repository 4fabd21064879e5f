namespace Koii.DbSharing.Replication.Ladder;

/// <summary>
/// What the ladder knows of each peer from one round to the next (protocol §4.3): whether it has the extension, which is believed for an hour, or has not, which is
/// believed for ten minutes; and when a list was last read from it. Safe for use by many threads.
/// </summary>
internal sealed class LadderMemory(TimeProvider timeProvider)
{
    private static readonly TimeSpan YesLasts = TimeSpan.FromHours(1);
    private static readonly TimeSpan NoLasts = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ListLasts = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly PeerMap<Known> _peers = new(known => known.HasExtension is true);

    /// <summary>Whether the peer has the extension, or <see langword="null"/> where that is not known any more.</summary>
    public bool? HasExtension(NodeAddress peer)
    {
        lock (_lock)
        {
            return Find(peer) switch
            {
                { HasExtension: true } known when IsYoungerThan(known.HeardAt, YesLasts) => true,
                { HasExtension: false } known when IsYoungerThan(known.HeardAt, NoLasts) => false,
                _ => null,
            };
        }
    }

    /// <summary>Learns whether the peer has the extension.</summary>
    public void RememberExtension(NodeAddress peer, bool has)
    {
        lock (_lock)
            _peers.Set(peer, Find(peer) with { HasExtension = has, HeardAt = timeProvider.GetTimestamp() });
    }

    /// <summary>Whether a list was read from the peer within the last hour.</summary>
    public bool HasReadList(NodeAddress peer)
    {
        lock (_lock)
            return Find(peer).ListReadAt is { } readAt && IsYoungerThan(readAt, ListLasts);
    }

    /// <summary>Learns that a list was read.</summary>
    public void RememberList(NodeAddress peer)
    {
        lock (_lock)
            _peers.Set(peer, Find(peer) with { ListReadAt = timeProvider.GetTimestamp() });
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_lock)
            _peers.Clear();
    }

    private Known Find(NodeAddress peer) => _peers.Find(peer) ?? new Known(null, 0, null);

    private bool IsYoungerThan(long timestamp, TimeSpan age) => timeProvider.GetElapsedTime(timestamp) < age;

    private sealed record Known(bool? HasExtension, long HeardAt, long? ListReadAt);
}
