namespace Koii.DbSharing.Replication.Ladder;

/// <summary>Where a peer's summary leads.</summary>
internal enum NextRung
{
    /// <summary>Nowhere: there is nothing to be had from the peer in this round.</summary>
    None,

    /// <summary>To what differs.</summary>
    Reconcile,

    /// <summary>To the whole list.</summary>
    PlainList,
}
