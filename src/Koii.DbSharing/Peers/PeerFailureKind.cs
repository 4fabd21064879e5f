namespace Koii.DbSharing;

/// <summary>What kept a peer from being read to the end.</summary>
public enum PeerFailureKind
{
    /// <summary>The peer does not have the extension. Not a fault of the peer: most have only their lists.</summary>
    NotSupported,

    /// <summary>
    /// The host has no address that is allowed for a peer of the node list: private, loopback and other special
    /// addresses are refused unless <see cref="DbSharingOptions.AllowPrivateAddresses"/> is set.
    /// </summary>
    AddressRefused,

    /// <summary>
    /// Two other peers at the same address are called in this round. Not a fault of the peer: each of n peers at one address is called
    /// within n/2 + 2 rounds.
    /// </summary>
    TooManyPeersAtAddress,

    /// <summary>
    /// No connection could be made: the name is unknown, the port refuses connections, or TLS failed.
    /// </summary>
    Unreachable,

    /// <summary>The connection, the headers, the next bytes or the whole pull took longer than allowed.</summary>
    TimedOut,

    /// <summary>The body arrived more slowly than <see cref="PeerLimits.MinBytesPerSecond"/>.</summary>
    TooSlow,

    /// <summary>The body exceeded its limit.</summary>
    TooLarge,

    /// <summary>The body is not a JSON array at any of the list's paths.</summary>
    NotAList,

    /// <summary>The body ended or the connection broke before the end of the body. What came before is kept.</summary>
    Interrupted,

    /// <summary>The response has an HTTP status that the protocol does not define.</summary>
    HttpStatus,

    /// <summary>The response is a redirect, which is not followed. The detail names scheme, host and port of its target.</summary>
    Redirected,

    /// <summary>The peer's host reports that the task is not running there (status 422).</summary>
    TaskNotRunning,

    /// <summary>The response violates HTTP or the protocol in another way.</summary>
    ProtocolViolation,

    /// <summary>
    /// Too many signature checks failed, and the pull was ended; what came before is kept. Not a fault of the peer by
    /// itself: strangers post to nodes.
    /// </summary>
    TooManyBadSignatures,

    /// <summary>
    /// A registered service, such as the client or the verifier, threw an exception that its contract does not allow.
    /// It is logged.
    /// </summary>
    UnexpectedError,
}
