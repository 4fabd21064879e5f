using System.Net;

namespace Koii.DbSharing.Peers;

/// <summary>
/// Bounds how many peers at one public address are called in a round, whatever their names are, and shares the calls among them (protocol
/// §4.9). Safe for use by many threads.
/// </summary>
/// <remarks>
/// <para>Peers whose addresses are known are selected when the round begins: each of n peers at an address is called within n/2 + 2 rounds,
/// and as far as that allows, one of the two is a peer that was good. Of peers whose names are not resolved yet, those that connect first
/// are called; the others have their addresses recorded.</para>
/// <para>Time cannot replace the round: a pull may take longer than the interval between rounds.</para>
/// </remarks>
/// <param name="allowPrivateAddresses">
/// Whether special addresses are allowed. Peers there are not counted: in development all peers are at one address.
/// </param>
internal sealed class AddressLimit(bool allowPrivateAddresses)
{
    /// <summary>How many peers at one address are called in a round.</summary>
    public const int PeersPerAddress = 2;

    private const int MaxRemembered = 4_096;

    private readonly Lock _lock = new();

    /// <summary>The peers that are called in this round. Nothing is counted before the first round starts.</summary>
    private Dictionary<NodeAddress, DnsEndPoint>? _admitted;

    /// <summary>The peers that are not called in this round in favor of others at their addresses.</summary>
    private readonly HashSet<NodeAddress> _postponed = [];

    /// <summary>
    /// The address of each endpoint's last connection, or those that are being tried. Connections outlive rounds, so this does too.
    /// </summary>
    private readonly Dictionary<DnsEndPoint, IPAddress[]> _addresses = [];

    private readonly Dictionary<NodeAddress, History> _histories = [];
    private long _round;

    /// <summary>Gets the key of a peer's connections.</summary>
    public static DnsEndPoint EndPointOf(NodeAddress peer)
    {
        var uri = new Uri(peer.Url);
        return new DnsEndPoint(uri.IdnHost, uri.Port);
    }

    /// <summary>Starts to count again, and selects the peers of addresses with too many.</summary>
    /// <param name="peers">The peers of the round.</param>
    /// <param name="late">The peers of earlier rounds that still count.</param>
    public void BeginRound(IReadOnlyCollection<NodeAddress> peers, IReadOnlyCollection<NodeAddress> late)
    {
        lock (_lock)
        {
            foreach (var called in _admitted?.Keys ?? Enumerable.Empty<NodeAddress>())
                HistoryOf(called).LastCalled = _round;
            _round++;
            _postponed.Clear();
            _admitted = _admitted?.Where(pair => late.Contains(pair.Key)).ToDictionary() ?? [];

            var byAddress = peers.Except(_admitted.Keys)
                .Select(peer => (Peer: peer, EndPoint: EndPointOf(peer), History: HistoryOf(peer)))
                .Where(called => _addresses.ContainsKey(called.EndPoint))
                .GroupBy(called => _addresses[called.EndPoint][0])
                .Where(group => PublicAddress.Contains(group.Key));
            foreach (var group in byAddress.ToArray())
            {
                // Admitted before any other, so that names whose addresses are not known yet cannot exclude them.
                var free = PeersPerAddress - CountUnderLock(null, group.Key);
                var selected = Select([.. group.OrderBy(called => called.History.LastCalled)], called => called.History, free);
                foreach (var (peer, endPoint, _) in selected)
                    _admitted.Add(peer, endPoint);
                _postponed.UnionWith(group.Except(selected).Select(called => called.Peer));
            }
        }
    }

    /// <summary>Admits a peer before each request to it. A peer that was admitted in this round is admitted again.</summary>
    /// <returns>
    /// <see langword="false"/> if as many others are admitted at its address. An address that is not known yet is checked
    /// when the connection is made.
    /// </returns>
    public bool TryAdmit(NodeAddress peer)
    {
        var endPoint = EndPointOf(peer);
        lock (_lock)
        {
            if (_admitted is null || _admitted.ContainsKey(peer))
                return true;
            if (_postponed.Contains(peer))
                return false;
            var address = _addresses.GetValueOrDefault(endPoint)?[0];
            var isCounted = address is null ? !allowPrivateAddresses : PublicAddress.Contains(address);
            if (isCounted && CountUnderLock(endPoint, address) >= PeersPerAddress)
                return false;
            _admitted.Add(peer, endPoint);
            return true;
        }
    }

    /// <summary>Records whether a peer answered as it should. One that did is preferred at its address.</summary>
    public void RecordResult(NodeAddress peer, bool isGood)
    {
        lock (_lock)
        {
            if (_histories.TryGetValue(peer, out var history))
                history.IsGood = isGood;
        }
    }

    /// <summary>Records an address that an endpoint is being connected to, unless too many peers are admitted there.</summary>
    /// <param name="endPoint">The endpoint.</param>
    /// <param name="tried">The addresses that this connection was tried at before.</param>
    /// <param name="address">The address.</param>
    public bool TryConnect(DnsEndPoint endPoint, IReadOnlyList<IPAddress> tried, IPAddress address)
    {
        lock (_lock)
        {
            // The count includes the peers of this endpoint, unless their admission was revoked meanwhile.
            var limit = _admitted?.ContainsValue(endPoint) is false ? PeersPerAddress - 1 : PeersPerAddress;
            if (PublicAddress.Contains(address) && CountUnderLock(endPoint, address) > limit)
                return false;
            RememberUnderLock(endPoint, [.. tried, address]);
            return true;
        }
    }

    /// <summary>Records the address of an endpoint's connection.</summary>
    public void RecordConnection(DnsEndPoint endPoint, IPAddress address)
    {
        lock (_lock)
            RememberUnderLock(endPoint, [address]);
    }

    /// <summary>
    /// Takes back the admission of an endpoint's peers, and records where its connection would have led: in the next
    /// round they then count before the connection is made.
    /// </summary>
    public void Revoke(DnsEndPoint endPoint, IPAddress address)
    {
        lock (_lock)
        {
            RememberUnderLock(endPoint, [address]);
            foreach (var (peer, _) in _admitted?.Where(pair => pair.Value.Equals(endPoint)).ToArray() ?? [])
                _admitted!.Remove(peer);
        }
    }

    /// <summary>Selects the peers of an address.</summary>
    /// <param name="waiting">All of them, those that were called longest ago first.</param>
    /// <param name="historyOf">Gets the history of one.</param>
    /// <param name="free">How many to select.</param>
    private T[] Select<T>(T[] waiting, Func<T, History> historyOf, int free)
    {
        var good = Array.FindIndex(waiting, peer => historyOf(peer).IsGood);
        if (free < PeersPerAddress || waiting.Length <= free || good < 0)
            return [.. waiting.Take(free)];

        // The good one is called if each of the others is in time nevertheless: one of them in this round, and two in each round after it.
        var deadline = _round - (waiting.Length / 2) - 2;
        T[] others = [.. waiting[..good], .. waiting[(good + 1)..]];
        var isInTime = !others.Where((peer, index) => historyOf(peer).LastCalled < deadline + ((index + 1) / 2)).Any();
        return isInTime ? [waiting[good], others[0]] : [.. waiting.Take(free)];
    }

    private int CountUnderLock(DnsEndPoint? endPoint, IPAddress? address) =>
        _admitted?.Values.Count(admitted =>
            admitted.Equals(endPoint) || (address is not null && _addresses.TryGetValue(admitted, out var others) && others.Contains(address))) ?? 0;

    private void RememberUnderLock(DnsEndPoint endPoint, IPAddress[] addresses)
    {
        // Forgetting costs a check when the next connection is made, so all at once is good enough.
        if (_addresses.Count >= MaxRemembered)
            _addresses.Clear();
        _addresses[endPoint] = addresses;
    }

    private History HistoryOf(NodeAddress peer)
    {
        if (_histories.TryGetValue(peer, out var history))
            return history;
        // Forgetting costs a wait, so all at once is good enough.
        if (_histories.Count >= MaxRemembered)
            _histories.Clear();
        // A new name waits behind those that are waiting, so that ever new names cannot exclude one.
        return _histories[peer] = new History { LastCalled = _round - 1 };
    }

    private sealed class History
    {
        /// <summary>The round in which the peer was last called, or the one before it was first listed.</summary>
        public long LastCalled { get; set; }

        public bool IsGood { get; set; }
    }
}
