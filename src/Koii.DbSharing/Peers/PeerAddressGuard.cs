using System.Net;
using System.Net.Sockets;
using Koii.DbSharing.Http;

namespace Koii.DbSharing.Peers;

/// <summary>
/// Protects this node and others from the node list, whose entries are not trusted: it connects to listed peers, only
/// at allowed addresses (protocol §4, "Addresses"), and bounds how many peers at one address are called in a round.
/// Safe for use by many threads.
/// </summary>
/// <remarks>
/// <para>A host is resolved once for each connection, every address is checked, and the socket connects to an address
/// that was checked, so a name that changes its resolution in between gains nothing.</para>
/// <para>At most <see cref="PeersPerAddress"/> peers at one address are called in a round, whatever their names are. The
/// count starts again with each round, so that the random order of a round decides anew which peers of an address are
/// called. Time cannot replace the round: a pull may take longer than the interval between rounds.</para>
/// </remarks>
internal sealed class PeerAddressGuard
{
    /// <summary>How many peers at one address are admitted in a round.</summary>
    public const int PeersPerAddress = 2;

    /// <summary>
    /// How many addresses of a host are tried: a name with hundreds must not make this node connect to all of them.
    /// </summary>
    public const int AddressesPerHost = 4;

    private const int MaxRememberedAddresses = 4_096;

    private readonly bool _allowPrivateAddresses;
    private readonly ResolveHost _resolve;
    private readonly ConnectSocket _connect;

    private readonly Lock _lock = new();

    /// <summary>The peers that were admitted in this round. Nothing is counted before the first round starts.</summary>
    private Dictionary<NodeAddress, DnsEndPoint>? _admitted;

    /// <summary>
    /// The last IP address of each endpoint. Connections outlive rounds, so this does too.
    /// </summary>
    private readonly Dictionary<DnsEndPoint, IPAddress> _addresses = [];

    /// <summary>Initializes a guard.</summary>
    /// <param name="allowPrivateAddresses">
    /// Whether connections to special addresses are allowed too. Peers there are not counted: in development all peers
    /// are at one address.
    /// </param>
    /// <param name="resolve">Finds the addresses of a host. Default: the system's resolver.</param>
    /// <param name="connect">Connects to an address that was checked. Default: over TCP.</param>
    public PeerAddressGuard(bool allowPrivateAddresses, ResolveHost? resolve = null, ConnectSocket? connect = null)
    {
        _allowPrivateAddresses = allowPrivateAddresses;
        (_resolve, _connect) = (resolve ?? ResolveBySystemAsync, connect ?? ConnectByTcpAsync);
    }

    /// <summary>
    /// Finds the addresses of a host, as <see cref="Dns.GetHostAddressesAsync(string, CancellationToken)"/> does.
    /// </summary>
    public delegate ValueTask<IReadOnlyList<IPAddress>> ResolveHost(string host, CancellationToken cancellationToken);

    /// <summary>Connects to an address that was checked.</summary>
    public delegate ValueTask<Stream> ConnectSocket(IPEndPoint address, CancellationToken cancellationToken);

    /// <summary>Starts to count again.</summary>
    /// <param name="late">The peers of earlier rounds that still count.</param>
    public void BeginRound(IReadOnlyCollection<NodeAddress> late)
    {
        lock (_lock)
            _admitted = _admitted?.Where(pair => late.Contains(pair.Key)).ToDictionary() ?? [];
    }

    /// <summary>Admits a peer before each request to it. A peer that was admitted in this round is admitted again.</summary>
    /// <returns>
    /// <see langword="false"/> if as many others are admitted at its address. An address that is not known yet is checked
    /// when the connection is made.
    /// </returns>
    public bool TryAdmit(NodeAddress peer)
    {
        var uri = new Uri(peer.Url);
        var endPoint = new DnsEndPoint(uri.IdnHost, uri.Port);
        lock (_lock)
        {
            if (_admitted is null || _admitted.ContainsKey(peer))
                return true;
            var address = _addresses.GetValueOrDefault(endPoint);
            var isCounted = address is null ? !_allowPrivateAddresses : PublicAddress.Contains(address);
            if (isCounted && CountAtUnderLock(endPoint, address) >= PeersPerAddress)
                return false;
            _admitted.Add(peer, endPoint);
            return true;
        }
    }

    /// <summary>Gets the address that a peer's host was last connected at, or <see langword="null"/>.</summary>
    public IPAddress? GetAddress(NodeAddress peer)
    {
        var uri = new Uri(peer.Url);
        lock (_lock)
            return _addresses.GetValueOrDefault(new DnsEndPoint(uri.IdnHost, uri.Port));
    }

    /// <summary>Connects for the HTTP stack.</summary>
    /// <exception cref="RefusedConnectionException">None of the host's addresses is allowed.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endPoint = context.DnsEndPoint;
        var found = IPAddress.TryParse(endPoint.Host, out var literal)
            ? [literal]
            : await _resolve(endPoint.Host, cancellationToken).ConfigureAwait(false);
        var allowed = found.Select(Unmapped)
            .Where(address => _allowPrivateAddresses || PublicAddress.Contains(address))
            .Take(AddressesPerHost).ToArray();
        if (found.Count > 0 && allowed.Length == 0)
            throw new RefusedConnectionException(TransferFault.SpecialAddress);

        SocketException? unreachable = null;
        foreach (var address in allowed)
        {
            if (!TryTakeAddress(endPoint, address))
                continue;
            try
            {
                return await _connect(new IPEndPoint(address, endPoint.Port), cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException exception)
            {
                unreachable = exception;
            }
        }

        if (unreachable is null && allowed.Length > 0)
        {
            Revoke(endPoint, allowed[0]);
            throw new RefusedConnectionException(TransferFault.TooManyPeersAtAddress);
        }

        throw unreachable ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>Records where an endpoint's connection leads, unless too many peers are admitted there.</summary>
    private bool TryTakeAddress(DnsEndPoint endPoint, IPAddress address)
    {
        lock (_lock)
        {
            // The count includes the peers of this endpoint, unless their admission was revoked meanwhile.
            var limit = _admitted?.ContainsValue(endPoint) is false ? PeersPerAddress - 1 : PeersPerAddress;
            if (PublicAddress.Contains(address) && CountAtUnderLock(endPoint, address) > limit)
                return false;
            RememberUnderLock(endPoint, address);
            return true;
        }
    }

    /// <summary>
    /// Takes back the admission of an endpoint's peers, and records where its connection would have led: in the next
    /// round they then count before the connection is made, and have the same chance as the others.
    /// </summary>
    private void Revoke(DnsEndPoint endPoint, IPAddress address)
    {
        lock (_lock)
        {
            RememberUnderLock(endPoint, address);
            foreach (var (peer, _) in _admitted?.Where(pair => pair.Value.Equals(endPoint)).ToArray() ?? [])
                _admitted!.Remove(peer);
        }
    }

    private int CountAtUnderLock(DnsEndPoint endPoint, IPAddress? address) =>
        _admitted?.Values.Count(admitted =>
            admitted.Equals(endPoint) || (address is not null && _addresses.TryGetValue(admitted, out var other) && other.Equals(address))) ?? 0;

    private void RememberUnderLock(DnsEndPoint endPoint, IPAddress address)
    {
        // Forgetting costs a check when the next connection is made, so all at once is good enough.
        if (_addresses.Count >= MaxRememberedAddresses)
            _addresses.Clear();
        _addresses[endPoint] = address;
    }

    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static async ValueTask<IReadOnlyList<IPAddress>> ResolveBySystemAsync(string host, CancellationToken cancellationToken) =>
        await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);

    private static async ValueTask<Stream> ConnectByTcpAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
