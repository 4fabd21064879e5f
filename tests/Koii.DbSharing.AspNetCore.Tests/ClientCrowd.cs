using System.Net;

namespace Koii.DbSharing.AspNetCore.Tests;

internal static class ClientCrowd
{
    /// <summary>Enumerates so many clients in different IPv6 networks, the same ones each time.</summary>
    public static IEnumerable<ClientAddress> OfSize(int count) =>
        Enumerable.Range(0, count).Select(i => ClientAddress.Of(IPAddress.Parse($"2001:db8:{i >> 16:x}:{i & 0xffff:x}::1")));
}
