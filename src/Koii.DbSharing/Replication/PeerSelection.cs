using Koii.DbSharing.Nodes;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Chooses whom a round asks (protocol §4.4). All while they are few; else some: half from those that have proven themselves, so that news travels even
/// where most of the node list is dead, and the rest at random, so that nobody who fills the list with good-looking nodes cuts this one off.
/// </summary>
internal static class PeerSelection
{
    /// <summary>Chooses from a node list. Pure but for the random source.</summary>
    /// <param name="listed">The node list as it came.</param>
    /// <param name="own">The node's own addresses.</param>
    /// <param name="fanOut">How many to choose when there are more than twice as many.</param>
    /// <param name="isLongGood">Whether a peer has been good for long.</param>
    /// <param name="random">Makes the choice.</param>
    /// <returns>The chosen peers, each once.</returns>
    public static IReadOnlyList<NodeAddress> Select(
        IReadOnlyList<NodeAddress> listed, IReadOnlySet<NodeAddress> own, int fanOut, Func<NodeAddress, bool> isLongGood, Random random)
    {
        var peers = listed.Where(node => !own.Contains(node)).Distinct().ToArray();
        if (peers.Length <= 2L * fanOut)
            return peers;

        random.Shuffle(peers);
        var proven = peers.Where(isLongGood).Take(fanOut / 2).ToArray();
        return [.. proven, .. peers.Except(proven).Take(fanOut - proven.Length)];
    }
}
