using Koii.DbSharing.Peers;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Http;

/// <summary>
/// Creates clients on the handler of the library. The connect time-out alone is measured on the clock of the machine, so it is
/// long here: a busy machine must not decide a test.
/// </summary>
internal static class LoopbackHttp
{
    public static HttpClient CreateClient(PeerLimits limits, PeerAddressGuard? guard = null)
    {
        var handler = HttpTransport.CreateHandler(limits, guard);
        handler.ConnectTimeout = TimeSpan.FromMinutes(5);
        return HttpTransport.CreateClient(handler);
    }

    /// <summary>Creates a client whose connections are counted.</summary>
    public static HttpClient CreateClient(PeerLimits limits, CountedConnections connections) => CreateClient(limits, new PeerAddressGuard(
        allowPrivateAddresses: true,
        (_, _) => throw new InvalidOperationException("Every peer is named by its address."),
        async (address, cancellationToken) => await connections.ConnectAsync(address, cancellationToken)));
}
