using Koii.DbSharing.Http;
using Koii.DbSharing.Peers;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Http;

/// <summary>
/// Creates clients on the handler of the library. The handler measures the connect time-out on the clock of the machine, so it is long
/// here: a busy machine must not decide a test.
/// </summary>
internal static class LoopbackHttp
{
    /// <summary>Creates a client that connects to its peers without a guard, as to named ones.</summary>
    public static HttpClient CreateClient(PeerLimits limits) => CreateClient(limits, CreateConnector());

    public static HttpClient CreateClient(PeerLimits limits, HostConnector connector) => CreateClient(HttpTransport.CreateHandler(limits, connector.ConnectAsync));

    public static HttpClient CreateClient(PeerLimits limits, PeerAddressGuard guard) => CreateClient(HttpTransport.CreateHandler(limits, guard.ConnectAsync));

    /// <summary>Creates a client whose connections are counted.</summary>
    public static HttpClient CreateClient(PeerLimits limits, CountedConnections connections) => CreateClient(limits, CreateConnector(
        (_, _) => throw new InvalidOperationException("Every peer is named by its address."),
        async (address, cancellationToken) => await connections.ConnectAsync(address, cancellationToken)));

    /// <summary>Creates a connector without a limit of time that a test could reach.</summary>
    public static HostConnector CreateConnector(HostConnector.ResolveHost? resolve = null, HostConnector.ConnectSocket? connect = null) =>
        new(TimeSpan.FromMinutes(5), TimeProvider.System, resolve, connect);

    private static HttpClient CreateClient(SocketsHttpHandler handler)
    {
        handler.ConnectTimeout = TimeSpan.FromMinutes(5);
        return HttpTransport.CreateClient(handler);
    }
}
