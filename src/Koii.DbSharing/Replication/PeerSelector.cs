namespace Koii.DbSharing.Replication;

/// <summary>
/// Selects the peers of a round (protocol §4.4): all of them while they are few, else some. Up to half are proven peers, so that records spread even if most of the node list
/// is dead; the rest are random, so that nobody who fills the list cuts this node off; and one more is a peer whose retry is due; more of those fill free places.
/// </summary>
/// <param name="options">The number of peers, the node's own addresses and the nodes that the operator named.</param>
internal sealed class PeerSelector(DbSharingOptions options)
{
    /// <summary>The number of peers of one host that are considered where not all are asked: entries of a list cost their author nothing.</summary>
    private const int PeersPerHost = 2;

    private readonly HashSet<NodeAddress> _own = [.. options.OwnUrls.Select(NodeAddress.Parse)];
    private readonly HashSet<NodeAddress> _named = [.. options.Nodes.Select(NodeAddress.Parse)];
    private readonly int _fanOut = options.FanOut;

    // Where private addresses are allowed, a whole network may be on one host.
    private readonly bool _limitsHosts = !options.AllowPrivateAddresses;

    /// <summary>Selects from a node list. Pure except for the random source.</summary>
    /// <param name="listed">The node list.</param>
    /// <param name="getState">Gets the state of a peer.</param>
    /// <param name="random">The random source.</param>
    /// <returns>
    /// The selected peers, each once. If more than twice <see cref="DbSharingOptions.FanOut"/> peers remain after the host limit, at most <see cref="DbSharingOptions.FanOut"/> and one
    /// more; otherwise all that are available.
    /// </returns>
    public IReadOnlyList<NodeAddress> Select(IReadOnlyList<NodeAddress> listed, Func<NodeAddress, PeerState> getState, Random random)
    {
        var peers = listed.Where(node => !_own.Contains(node)).Distinct().ToArray();
        if (_limitsHosts && peers.Length > 2L * _fanOut)
            peers = LimitHosts(peers, random);
        var states = peers.ToDictionary(peer => peer, getState);
        var available = peers.Where(peer => states[peer] != PeerState.BackingOff).ToArray();
        // The first peers at an address are asked and the others are not. In the order of the list, entries before an honest peer could exclude it for ever.
        random.Shuffle(available);
        if (peers.Length <= 2L * _fanOut)
            return available;

        var proven = available.Where(peer => states[peer] == PeerState.Proven).Take(_fanOut / 2).ToArray();
        var others = available.Where(peer => states[peer] != PeerState.RetryDue).Except(proven).Take(_fanOut - proven.Length).ToArray();
        // If most peers have failed, the cause may have been this node's own network: peers whose retry is due then fill what is left.
        var retried = available.Where(peer => states[peer] == PeerState.RetryDue).Take(1 + _fanOut - proven.Length - others.Length);
        return [.. proven, .. others, .. retried];
    }

    private NodeAddress[] LimitHosts(NodeAddress[] peers, Random random) =>
        [.. peers.GroupBy(peer => _named.Contains(peer) ? peer.Url : peer.Host).SelectMany(host => SelectSome([.. host], random))];

    private static IEnumerable<NodeAddress> SelectSome(NodeAddress[] peersOfHost, Random random)
    {
        if (peersOfHost.Length > PeersPerHost)
            random.Shuffle(peersOfHost);
        return peersOfHost.Take(PeersPerHost);
    }
}
