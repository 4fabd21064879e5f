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
}
