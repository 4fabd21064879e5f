using System.Net;
using System.Net.Sockets;
using Koii.DbSharing.Http;

namespace Koii.DbSharing.Peers;

/// <summary>
/// Stands between the node list, which is hearsay, and the network: makes the connections to listed peers, and only to addresses that may be dialled (protocol §4,
/// "Addresses"). A host is resolved once per connection, every address is judged, and the socket goes to one that was judged, so a name that changes its answer in
/// between gains nothing. It also lets no more than two peers of a round share an address, whatever they are called. Safe for use by many threads.
/// </summary>
/// <param name="allowPrivateAddresses">Whether special addresses may be dialled too. They are not counted then: in development everybody is at one address.</param>
/// <param name="resolve">Finds the addresses of a host.</param>
/// <param name="dial">Connects to an address.</param>
internal sealed class PeerAddressGuard(bool allowPrivateAddresses, PeerAddressGuard.ResolveHost resolve, PeerAddressGuard.DialAddress dial)
{
    /// <summary>How many peers of one round may be at one address.</summary>
    public const int PeersPerAddress = 2;

    /// <summary>How many addresses of a host are tried: a name with hundreds must not make this node knock on all of them.</summary>
    public const int AddressesPerHost = 4;

    private const int RememberedRoutes = 4_096;

    private readonly Lock _lock = new();

    /// <summary>Where the connections of an endpoint lead, which may live on from round to round.</summary>
    private readonly Dictionary<DnsEndPoint, IPAddress> _routes = [];

    /// <summary>Who was let in this round, by endpoint. There is nothing to count before the first round begins.</summary>
    private Dictionary<DnsEndPoint, HashSet<NodeAddress>>? _visitors;

    /// <summary>Makes a guard that asks the system's resolver and dials over TCP.</summary>
    public PeerAddressGuard(bool allowPrivateAddresses)
        : this(allowPrivateAddresses, ResolveBySystemAsync, DialByTcpAsync)
    {
    }

    /// <summary>Finds the addresses of a host, as <see cref="Dns.GetHostAddressesAsync(string, CancellationToken)"/> does.</summary>
    public delegate ValueTask<IReadOnlyList<IPAddress>> ResolveHost(string host, CancellationToken cancellationToken);

    /// <summary>Connects to an address that was judged.</summary>
    public delegate ValueTask<Stream> DialAddress(IPEndPoint address, CancellationToken cancellationToken);

    /// <summary>Begins to count anew.</summary>
    public void BeginRound()
    {
        lock (_lock)
            _visitors = [];
    }

    /// <summary>Counts a peer before it is asked.</summary>
    /// <returns><see langword="false"/> where connections to it are known to lead to an address at which others are asked already.</returns>
    public bool TryEnter(NodeAddress peer)
    {
        var uri = new Uri(peer.Url);
        var endPoint = new DnsEndPoint(uri.IdnHost, uri.Port);
        lock (_lock)
        {
            if (_visitors is null)
                return true;
            if (!_visitors.TryGetValue(endPoint, out var visitors))
                _visitors.Add(endPoint, visitors = []);
            visitors.Add(peer);
            if (!_routes.TryGetValue(endPoint, out var address) || !IsCrowdedUnderLock(address, endPoint))
                return true;
            visitors.Remove(peer);
            return false;
        }
    }

    /// <summary>Connects for the HTTP stack.</summary>
    /// <exception cref="RefusedConnectionException">None of the host's addresses may be dialled.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endPoint = context.DnsEndPoint;
        var found = IPAddress.TryParse(endPoint.Host, out var literal) ? [literal] : await resolve(endPoint.Host, cancellationToken).ConfigureAwait(false);
        var allowed = found.Select(Unmapped).Where(address => allowPrivateAddresses || PublicAddress.Contains(address)).Take(AddressesPerHost).ToArray();
        if (found.Count > 0 && allowed.Length == 0)
            throw new RefusedConnectionException(TransferFault.SpecialAddress);

        Exception? failure = null;
        foreach (var address in allowed)
        {
            if (!TryRoute(endPoint, address))
            {
                failure ??= new RefusedConnectionException(TransferFault.TooManyPeersAtAddress);
                continue;
            }

            try
            {
                return await dial(new IPEndPoint(address, endPoint.Port), cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException unreachable)
            {
                failure = unreachable;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>Notes where an endpoint's connection leads, unless there are too many at that address.</summary>
    private bool TryRoute(DnsEndPoint endPoint, IPAddress address)
    {
        lock (_lock)
        {
            if (IsCrowdedUnderLock(address, endPoint))
                return false;
            // Forgetting costs a look at the next connection, so all at once is good enough.
            if (_routes.Count >= RememberedRoutes)
                _routes.Clear();
            _routes[endPoint] = address;
            return true;
        }
    }

    private bool IsCrowdedUnderLock(IPAddress address, DnsEndPoint endPoint)
    {
        if (_visitors is null || !PublicAddress.Contains(address))
            return false;
        var here = _visitors.Where(pair => pair.Key.Equals(endPoint) || (_routes.TryGetValue(pair.Key, out var other) && other.Equals(address)));
        return here.Sum(pair => pair.Value.Count) > PeersPerAddress;
    }

    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static async ValueTask<IReadOnlyList<IPAddress>> ResolveBySystemAsync(string host, CancellationToken cancellationToken) =>
        await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);

    private static async ValueTask<Stream> DialByTcpAsync(IPEndPoint address, CancellationToken cancellationToken)
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
