namespace Koii.DbSharing;

/// <summary>What the endpoints of one task give to whom: the limits that <c>MapDbSharing</c> keeps by itself (protocol §3).</summary>
/// <remarks>
/// <para>A client is the address in <c>HttpContext.Connection.RemoteIpAddress</c>; of an IPv6 address the first 64 bits, since a household has so many. Behind a
/// reverse proxy that is the proxy, until the application names it to ASP.NET's forwarded headers middleware, which then puts the client's own address there.</para>
/// <para>The limits are read when the endpoints are mapped, and those of several tasks are apart. They need no other middleware. A rate limiter of the application's
/// own, and <c>RequireRateLimiting</c> on what <c>MapDbSharing</c> returns, work beside them: a request must pass both.</para>
/// </remarks>
public sealed class DbSharingEndpointOptions
{
    /// <summary>Each client with a public address. Default: 600 requests a minute, 60 of them for lists; 8 requests at once, 2 of them for lists.</summary>
    public RequestLimits PublicClient { get; } = new() { RequestsPerMinute = 600, ListsPerMinute = 60, MaxConcurrentRequests = 8, MaxConcurrentLists = 2 };

    /// <summary>
    /// Each client with a loopback, private or link-local address, or with none. Behind a task host everybody is such a client, the same one, so
    /// there is no rate by default: 64 requests at once, 16 of them for lists.
    /// </summary>
    public RequestLimits PrivateClient { get; } = new() { MaxConcurrentRequests = 64, MaxConcurrentLists = 16 };

    /// <summary>All clients together. Default: 128 requests at once, 32 of them for lists, and no rate. The two that are set may be raised but not taken away.</summary>
    public RequestLimits AllClients { get; } = new() { MaxConcurrentRequests = 128, MaxConcurrentLists = 32 };

    /// <summary>
    /// How long a client may take nothing of an answer, or send nothing of a body, and from when on <see cref="MinBytesPerSecond"/> counts. Default: 30 seconds; more
    /// than zero, at most 1 day. A slow reader is seen in steps of what the buffers of its connection hold, so a short time also ends those that only are far away.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The least rate in bytes a second at which a client takes an answer or sends a body, over the time spent waiting for it. Default: 8,192; at least 1.</summary>
    public int MinBytesPerSecond { get; set; } = 8 * 1024;

    /// <summary>How long a request may take as a whole. Default: 10 minutes; more than zero, at most 1 day.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(10);
}
