namespace Koii.DbSharing;

/// <summary>Whether a round may ask a peer, and how reliable the peer has been.</summary>
public enum PeerState
{
    /// <summary>No backoff applies to the peer, and it is not proven yet.</summary>
    Ready,

    /// <summary>The peer has not failed for at least a day.</summary>
    Proven,

    /// <summary>The peer failed or asked for a pause, and the time until its next attempt is not over.</summary>
    BackingOff,

    /// <summary>The peer failed, and the next attempt is due.</summary>
    RetryDue,
}
