namespace Koii.DbSharing;

/// <summary>How the records of a peer were read.</summary>
public enum PeerPath
{
    /// <summary>Neither a list nor a reconciliation was completed. The counts still include the records that arrived.</summary>
    None,

    /// <summary>The summaries match: the peer holds the same records as this node.</summary>
    InSync,

    /// <summary>The differences were found by reconciliation and fetched.</summary>
    Reconciled,

    /// <summary>The full list was read, or as much of it as arrived.</summary>
    FullList,

    /// <summary>The peer answered that its list has not changed (304).</summary>
    NotModified,

    /// <summary>The peer answered that it has no list of this task (404 at both paths). A node without records may answer so, and so does a host that does not have the task.</summary>
    NotFound,
}
