namespace Koii.DbSharing;

/// <summary>The limits that the endpoints of one task apply to their clients (protocol §3).</summary>
/// <remarks>
/// <para>A client is the address in <c>HttpContext.Connection.RemoteIpAddress</c>; of an IPv6 address the first 64 bits,
/// since one household has that many addresses. An IPv4 address that a NAT64 gateway translates, in 64:ff9b::/96, counts as
/// that IPv4 address. Behind a reverse proxy that is the proxy's address, unless the
/// application configures ASP.NET's forwarded headers middleware for this proxy.</para>
/// <para><c>MapDbSharing</c> reads the options once. It applies, in this order: the configuration section
/// <c>DbSharing:Endpoints</c>, for the task without a name; <c>services.Configure&lt;DbSharingEndpointOptions&gt;(…)</c>,
/// with the task's name; the argument <c>configure</c>; and <c>PostConfigure</c>. The tasks of a process share no
/// limit.</para>
/// <para>When the application stops, requests under way have one second left; then their responses end, so that slow
/// clients do not delay the stop.</para>
/// <para>The limits need no other middleware. ASP.NET's rate limiter works beside them: a request must pass both.</para>
/// </remarks>
public sealed class DbSharingEndpointOptions
{
    /// <summary>
    /// The limits of each client with a public address. Default: 600 requests a minute, 60 of them for lists; 8 requests
    /// at once, 2 of them for lists.
    /// </summary>
    public RequestLimits PublicClient { get; } = new()
    {
        RequestsPerMinute = 600,
        ListsPerMinute = 60,
        MaxConcurrentRequests = 8,
        MaxConcurrentLists = 2,
    };

    /// <summary>
    /// The limits of each client with a loopback, private or link-local address, or without an address. Default: 64
    /// requests at once, 16 of them for lists.
    /// </summary>
    /// <remarks>By default there is no rate: behind a task host, all clients share the host's address.</remarks>
    public RequestLimits PrivateClient { get; } = new() { MaxConcurrentRequests = 64, MaxConcurrentLists = 16 };

    /// <summary>The limits of all clients together. Default: 128 requests at once, 32 of them for lists.</summary>
    /// <remarks>
    /// <see cref="RequestLimits.MaxConcurrentRequests"/> and <see cref="RequestLimits.MaxConcurrentLists"/> must not be
    /// <see langword="null"/>. When three quarters of either are taken, a client whose public IPv6 network (/48) has a
    /// quarter of all gets no further permit.
    /// </remarks>
    public RequestLimits AllClients { get; } = new() { MaxConcurrentRequests = 128, MaxConcurrentLists = 32 };

    /// <summary>
    /// The time that a client may go without receiving anything of a response or sending anything of a body. Default: 30
    /// seconds; more than zero, at most 1 day.
    /// </summary>
    /// <remarks>
    /// <see cref="MinBytesPerSecond"/> applies after this time. The server sees a slow reader only when the buffers of
    /// the connection are full or empty, so a short time also ends requests of clients that are only far away.
    /// </remarks>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The minimum rate, in bytes per second, at which a client receives a response or sends a body, over the time that the
    /// server waits for it. Default: 8,192; at least 1.
    /// </summary>
    public int MinBytesPerSecond { get; set; } = 8 * 1024;

    /// <summary>The time that a request may take as a whole. Default: 10 minutes; more than zero, at most 1 day.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Whether pages of any origin may read and post in a browser, without credentials (CORS). Default:
    /// <see langword="true"/>.
    /// </summary>
    /// <remarks>
    /// It applies to the base path, <c>/all</c>, <c>/list</c>, <c>/get</c> and <c>/summary</c>, and not to endpoints to
    /// which the application adds a CORS policy of its own, for example with <c>RequireCors</c>.
    /// </remarks>
    public bool AllowAnyOrigin { get; set; } = true;
}
