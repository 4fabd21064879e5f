namespace Koii.DbSharing;

/// <summary>A snapshot of what an engine has recorded about a peer since the process started.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="State">Whether a round may ask the peer.</param>
public sealed record PeerStatus(NodeAddress Peer, PeerState State)
{
    /// <summary>The number of consecutive failures that count for the backoff. Default: 0.</summary>
    public int ConsecutiveFailures { get; init; }

    /// <summary>The time until the next attempt is due, or <see langword="null"/> if the peer is not backing off.</summary>
    public TimeSpan? RetryIn { get; init; }

    /// <summary>Whether the peer has the protocol's extension (§3), or <see langword="null"/> if that is not known or too old.</summary>
    public bool? HasExtension { get; init; }

    /// <summary>The report of the last round that asked the peer.</summary>
    public required PeerReport LastReport { get; init; }

    /// <summary>The time at which the last report was recorded, by the engine's clock.</summary>
    public required DateTimeOffset LastReportAt { get; init; }
}
