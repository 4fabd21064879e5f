namespace Koii.DbSharing.Peers;

/// <summary>How this node talks HTTP to strangers.</summary>
internal static class PeerHttp
{
    /// <summary>The path of a task at a peer (protocol §3), to be followed by the name of a call.</summary>
    /// <returns>A path that begins and ends with a slash.</returns>
    public static string PathOf(DbSharingOptions options) => $"/task/{Uri.EscapeDataString(options.TaskId)}/{Uri.EscapeDataString(options.ResourceName)}/";

    /// <summary>
    /// Makes the handler that every call to a peer or a node list goes through. The client on it must have an infinite
    /// <see cref="HttpClient.Timeout"/>: the limits are kept by the callers, on the injected clock.
    /// </summary>
    /// <param name="limits">What a peer may cost.</param>
    /// <param name="guard">Makes the connections, or <see langword="null"/> where the operator named whom to call.</param>
    /// <returns>A handler that follows nothing, remembers nothing and tells nothing beyond the request.</returns>
    public static SocketsHttpHandler CreateHandler(PeerLimits limits, PeerAddressGuard? guard = null)
    {
        ArgumentNullException.ThrowIfNull(limits);
        var handler = new SocketsHttpHandler
        {
            // A redirect could point a node at its own network's insides, a proxy from the environment could resolve names past any guard.
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            // Decompression is done where both sides of it are counted.
            AutomaticDecompression = System.Net.DecompressionMethods.None,
            ConnectTimeout = limits.ConnectTimeout,
            MaxResponseHeadersLength = 64,
            // What was not read is not wanted: the connection is cheaper to drop than to drain.
            MaxResponseDrainSize = 0,
            // Longer than the pause between rounds, so that a round finds the connections of the one before it.
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            // Names are resolved anew now and then.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // Trace ids are nobody's business out there.
            ActivityHeadersPropagator = null,
        };
        if (guard is not null)
            handler.ConnectCallback = guard.ConnectAsync;
        return handler;
    }
}
