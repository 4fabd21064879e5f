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
}
