using System.Net;
using System.Net.Sockets;
using Koii.DbSharing.Http;

namespace Koii.DbSharing.Peers;

/// <summary>
/// Protects this node and others from the node list, whose entries are not trusted: it connects to listed peers, only
/// at allowed addresses (protocol §4.9), and within <see cref="AddressLimit"/>. Safe for use by many threads.
/// </summary>
/// <remarks>
/// A host is resolved once for each connection, every address is checked, and the socket connects to an address
/// that was checked, so a name that changes its resolution in between gains nothing.
/// </remarks>
/// <param name="allowPrivateAddresses">Whether connections to special addresses are allowed too.</param>
/// <param name="connector">Makes the connections, also those to named peers, which are not restricted.</param>
internal sealed class PeerAddressGuard(bool allowPrivateAddresses, HostConnector connector)
{
    /// <summary>Bounds how many peers at one address are called in a round.</summary>
    public AddressLimit Limit { get; } = new(allowPrivateAddresses);

    /// <summary>
    /// Gets the address that a peer was last connected at, named ones included, or <see langword="null"/> if it is not known.
    /// </summary>
    public IPAddress? GetLastAddress(NodeAddress peer) =>
        connector.GetLastAddress(AddressLimit.EndPointOf(peer)) is { } address ? PublicAddress.ToIPv4(address) : null;

    /// <summary>Connects for the HTTP stack.</summary>
    /// <exception cref="ConnectionFaultException">
    /// None of the host's addresses is allowed, too many peers at its address are called, or the time is over.
    /// </exception>
    /// <exception cref="SocketException">The name is unknown, or no allowed address accepts a connection.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endPoint = context.DnsEndPoint;
        IPAddress[] allowed = [];
        List<IPAddress> tried = [];
        var connection = await connector.ConnectAsync(endPoint, found => allowed = SelectAllowed(found), TryAddress, cancellationToken).ConfigureAwait(false);
        if (connection is { } made)
        {
            Limit.RecordConnection(endPoint, PublicAddress.ToIPv4(made.Address));
            return made.Stream;
        }

        if (allowed.Length == 0)
            throw new SocketException((int)SocketError.HostNotFound);
        Limit.Revoke(endPoint, PublicAddress.ToIPv4(allowed[0]));
        throw new ConnectionFaultException(TransferFault.TooManyPeersAtAddress);

        bool TryAddress(IPAddress address)
        {
            var counted = PublicAddress.ToIPv4(address);
            if (!Limit.TryConnect(endPoint, tried, counted))
                return false;
            tried.Add(counted);
            return true;
        }
    }

    private IPAddress[] SelectAllowed(IReadOnlyList<IPAddress> found)
    {
        var allowed = found.Where(address => allowPrivateAddresses || PublicAddress.Contains(address)).ToArray();
        return found.Count == 0 || allowed.Length > 0 ? allowed : throw new ConnectionFaultException(TransferFault.SpecialAddress);
    }
}
