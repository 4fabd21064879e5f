namespace Koii.DbSharing.Http;

/// <summary>What one transfer may cost. The limit of the connection is the handler's.</summary>
/// <param name="HeadersTimeout">How long the headers may take, the connection included.</param>
/// <param name="IdleTimeout">How long the body may be silent, and from when on the least rate counts.</param>
/// <param name="WholeTimeout">How long everything may take.</param>
/// <param name="MinBytesPerSecond">The least rate on the wire over the time spent waiting, or 0 for none.</param>
/// <param name="MaxBytes">The most bytes of the body, on the wire and after decompression.</param>
internal readonly record struct TransferLimits(TimeSpan HeadersTimeout, TimeSpan IdleTimeout, TimeSpan WholeTimeout, int MinBytesPerSecond, long MaxBytes)
{
    /// <summary>The limits of a peer's list.</summary>
    public static TransferLimits ForList(PeerLimits limits) =>
        new(limits.HeadersTimeout, limits.IdleTimeout, limits.PeerTimeout, limits.MinBytesPerSecond, limits.MaxListBytes);

    /// <summary>The limits of an answer that says itself how long it may be.</summary>
    public static TransferLimits ForAnswer(PeerLimits limits, long maxBytes) => ForList(limits) with { MaxBytes = maxBytes };

    /// <summary>The limits of a node list. It is short, so the whole time-out is all the rate it needs.</summary>
    public static TransferLimits ForNodeList(PeerLimits limits) =>
        new(limits.HeadersTimeout, limits.IdleTimeout, limits.PeerTimeout, MinBytesPerSecond: 0, limits.MaxNodeListBytes);
}
