namespace Koii.DbSharing;

/// <summary>What kept a peer from being read to the end.</summary>
public enum PeerFailureKind
{
    /// <summary>The peer does not have this part of the protocol. No fault of it: most peers have only their lists.</summary>
    NotSupported,

    /// <summary>
    /// The host has no address that may be dialled on the word of a node list: private, loopback and other special addresses are refused unless
    /// <see cref="DbSharingOptions.AllowPrivateAddresses"/> is set.
    /// </summary>
    AddressRefused,

    /// <summary>Two other peers at the same address were asked in this round. No fault of the peer; it has its chance in the next.</summary>
    TooManyPeersAtAddress,

    /// <summary>No connection: the name is unknown, nobody listens, or TLS failed.</summary>
    Unreachable,

    /// <summary>Connecting, the headers, the next bytes or the whole pull took longer than allowed.</summary>
    TimedOut,

    /// <summary>The body came more slowly than the least rate.</summary>
    TooSlow,

    /// <summary>The list passed its limit of bytes or elements.</summary>
    TooLarge,

    /// <summary>The body is no JSON array on any of the list's paths.</summary>
    NotAList,

    /// <summary>The body ended or broke before the closing bracket. What came before it is kept.</summary>
    Interrupted,

    /// <summary>An HTTP status that is none of the protocol's.</summary>
    HttpStatus,

    /// <summary>The peer answered with a redirect, which is never followed.</summary>
    Redirected,

    /// <summary>The peer's host says that the task is not running there (status 422).</summary>
    TaskNotRunning,

    /// <summary>The peer broke HTTP or the protocol in a way that has no other name.</summary>
    ProtocolViolation,

    /// <summary>
    /// The pull was ended after too many failed signature checks; what came before is kept. No fault of the peer by itself: strangers post to careless nodes.
    /// </summary>
    TooManyBadSignatures,

    /// <summary>The registered client, verifier or another role threw an exception that its contract does not name. It is in the log.</summary>
    UnexpectedError,
}
