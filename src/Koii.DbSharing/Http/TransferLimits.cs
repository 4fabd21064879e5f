namespace Koii.DbSharing.Http;

/// <summary>The limits of one transfer. The connect time-out is the handler's.</summary>
/// <param name="HeadersTimeout">The longest wait for the response headers, the connection included.</param>
/// <param name="IdleTimeout">
/// The longest wait for the next bytes of the body, and the time after which <paramref name="MinBytesPerSecond"/>
/// applies.
/// </param>
/// <param name="WholeTimeout">The longest time for everything.</param>
/// <param name="MinBytesPerSecond">The lowest rate on the wire over the time spent waiting, or 0 for none.</param>
/// <param name="MaxBytes">The maximum number of bytes of the body, on the wire and after decompression.</param>
/// <param name="MaxRetryAfter">
/// The longest pause that a response can request. Anybody on the path can send such a response.
/// </param>
internal readonly record struct TransferLimits(
    TimeSpan HeadersTimeout, TimeSpan IdleTimeout, TimeSpan WholeTimeout, int MinBytesPerSecond, long MaxBytes, TimeSpan MaxRetryAfter)
{
    /// <summary>The limits of a peer's response of at most <paramref name="maxBytes"/>.</summary>
    public static TransferLimits ForPeer(PeerLimits limits, long maxBytes) =>
        new(limits.HeadersTimeout, limits.IdleTimeout, limits.PeerTimeout, limits.MinBytesPerSecond, maxBytes, TimeSpan.FromHours(1));

    /// <summary>
    /// The limits of a node list. It is short enough for the whole time-out to bound its rate. There is one service, so a pause that it
    /// requests is shorter than that of a peer.
    /// </summary>
    public static TransferLimits ForNodeList(PeerLimits limits) =>
        ForPeer(limits, limits.MaxNodeListBytes) with { MinBytesPerSecond = 0, MaxRetryAfter = TimeSpan.FromMinutes(5) };
}
