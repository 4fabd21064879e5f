using System.Net.Sockets;
using Koii.DbSharing.Peers;

namespace Koii.DbSharing.Tests.Http;

/// <summary>
/// Clients on the handler that the product makes. The limit of a connection is the only one on the clock of the machine: here it is a safety net, so that a machine that
/// does much else decides no test.
/// </summary>
internal static class LoopbackHttp
{
    public static HttpClient CreateClient(PeerLimits limits, PeerAddressGuard? guard = null)
    {
        var handler = PeerHttp.CreateHandler(limits, guard);
        handler.ConnectTimeout = TimeSpan.FromMinutes(5);
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Makes one that tells how many bytes were read from its connections.</summary>
    public static HttpClient CreateClient(PeerLimits limits, Action<int> read) => CreateClient(limits, new PeerAddressGuard(
        allowPrivateAddresses: true,
        (_, _) => throw new InvalidOperationException("Every peer is named by its address."),
        async (address, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(address, cancellationToken);
            return new CountedStream(socket, read);
        }));
}
