namespace Koii.DbSharing.Replication;

/// <summary>
/// Chooses whom a round asks (protocol §4.4). All while they are few; else some: half from those that have proven themselves, so that news travels even
/// where most of the node list is dead, the rest at random, so that nobody who fills the list with good-looking nodes cuts this one off, and one that failed and has rested.
/// </summary>
/// <param name="options">How many, the node's own addresses and the nodes that the operator named.</param>
internal sealed class PeerSelection(DbSharingOptions options)
{
    /// <summary>How many peers of one host are considered where not all are asked: entries cost the one who makes up a list nothing.</summary>
    private const int PeersPerHost = 2;

    private readonly HashSet<NodeAddress> _own = [.. options.OwnUrls.Select(NodeAddress.Parse)];
    private readonly HashSet<NodeAddress> _named = [.. options.Nodes.Select(NodeAddress.Parse)];
    private readonly int _fanOut = options.FanOut;

    // Where private addresses are allowed, a whole network may live on one host.
    private readonly bool _limitsHosts = !options.AllowPrivateAddresses;

    /// <summary>Chooses from a node list. Pure but for the random source.</summary>
    /// <param name="listed">The node list as it came.</param>
    /// <param name="standingOf">How a peer stands.</param>
    /// <param name="random">Makes the choice.</param>
    /// <returns>The chosen peers, each once; <see cref="DbSharingOptions.FanOut"/> and one more at most when there are more than twice as many.</returns>
    public IReadOnlyList<NodeAddress> Select(IReadOnlyList<NodeAddress> listed, Func<NodeAddress, PeerStanding> standingOf, Random random)
    {
        var peers = listed.Where(node => !_own.Contains(node)).Distinct().ToArray();
        if (_limitsHosts && peers.Length > 2L * _fanOut)
            peers = WithoutCrowds(peers, random);
        var standings = peers.ToDictionary(peer => peer, standingOf);
        var willing = peers.Where(peer => standings[peer] != PeerStanding.Resting).ToArray();
        // Whoever comes first takes the places at an address. In the order of the list, those who stand there before an honest peer could keep it out for ever.
        random.Shuffle(willing);
        if (peers.Length <= 2L * _fanOut)
            return willing;

        var proven = willing.Where(peer => standings[peer] == PeerStanding.LongGood).Take(_fanOut / 2).ToArray();
        var others = willing.Where(peer => standings[peer] != PeerStanding.Rested).Except(proven).Take(_fanOut - proven.Length).ToArray();
        // When most have failed, it was perhaps our own network: then they fill the places that nobody else has.
        var rested = willing.Where(peer => standings[peer] == PeerStanding.Rested).Take(1 + _fanOut - proven.Length - others.Length);
        return [.. proven, .. others, .. rested];
    }

    private NodeAddress[] WithoutCrowds(NodeAddress[] peers, Random random) =>
        [.. peers.GroupBy(peer => _named.Contains(peer) ? peer.Url : peer.Host).SelectMany(host => SomeOf([.. host], random))];

    private static IEnumerable<NodeAddress> SomeOf(NodeAddress[] peersOfHost, Random random)
    {
        if (peersOfHost.Length > PeersPerHost)
            random.Shuffle(peersOfHost);
        return peersOfHost.Take(PeersPerHost);
    }
}
