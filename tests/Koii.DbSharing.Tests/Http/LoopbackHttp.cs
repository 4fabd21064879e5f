using System.Net.Sockets;
using Koii.DbSharing.Peers;

namespace Koii.DbSharing.Tests.Http;

/// <summary>
/// Clients on the handler that the product makes. The connect time-out is the only one on the clock of the machine: here it is a safety net, so that a busy
/// machine does not decide a test.
/// </summary>
internal static class LoopbackHttp
{
    public static HttpClient CreateClient(PeerLimits limits, PeerAddressGuard? guard = null)
    {
        var handler = HttpTransport.CreateHandler(limits, guard);
        handler.ConnectTimeout = TimeSpan.FromMinutes(5);
        return HttpTransport.CreateClient(handler);
    }

    /// <summary>Makes one that reports how many bytes were read from its connections.</summary>
    public static HttpClient CreateClient(PeerLimits limits, Action<int> read) => CreateClient(limits, new PeerAddressGuard(
        allowPrivateAddresses: true,
        TimeSpan.Zero,
        TimeProvider.System,
        (_, _) => throw new InvalidOperationException("Every peer is named by its address."),
        async (address, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(address, cancellationToken);
            return new CountedStream(socket, read);
        }));
}
