using System.Diagnostics.CodeAnalysis;

namespace Koii.DbSharing.Peers;

/// <summary>
/// Gives the HTTP client for each peer: peers of the node list go through the guard, and those that the operator named (<see cref="DbSharingOptions.Nodes"/>) past it.
/// Each of the two has connections of its own, so that a listed peer cannot ride on a named one's.
/// </summary>
/// <param name="listed">Gives a client whose handler connects through the guard.</param>
/// <param name="named">Gives a client whose handler does not.</param>
/// <param name="guard">The guard of the former.</param>
/// <param name="options">Which peers are named.</param>
internal sealed class PeerConnections(Func<HttpClient> listed, Func<HttpClient> named, PeerAddressGuard guard, DbSharingOptions options)
{
    private readonly HashSet<NodeAddress> _named = [.. options.Nodes.Select(NodeAddress.Parse)];

    /// <summary>Begins to count anew who is asked at which address.</summary>
    public void BeginRound() => guard.BeginRound();

    /// <summary>Gets the client for a peer.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="client">The client, when the method returns <see langword="true"/>.</param>
    /// <returns><see langword="false"/> where others are asked at the same address already.</returns>
    public bool TryGet(NodeAddress peer, [NotNullWhen(true)] out HttpClient? client)
    {
        client = null;
        if (_named.Contains(peer))
            client = named();
        else if (guard.TryEnter(peer))
            client = listed();
        return client is not null;
    }
}
