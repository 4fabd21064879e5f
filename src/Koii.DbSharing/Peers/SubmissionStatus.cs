namespace Koii.DbSharing;

/// <summary>What a node answered to a submission.</summary>
public enum SubmissionStatus
{
    /// <summary>The node stores the record, or had stored it already.</summary>
    Stored,

    /// <summary>The node has a newer version (409).</summary>
    Superseded,

    /// <summary>The node does not accept the record: it is malformed, badly signed, in the future or too large (400, 413, 415).</summary>
    Rejected,

    /// <summary>The node has no room for the record (507).</summary>
    Full,

    /// <summary>The node is busy, or the client has exceeded a limit (408, 429, 503). The same submission may succeed later.</summary>
    Busy,

    /// <summary>There is no response: no connection, an interrupted one, or a timeout of the HTTP client.</summary>
    Unreachable,

    /// <summary>The response is not one of the protocol.</summary>
    Unexpected,
}
