namespace Koii.DbSharing;

/// <summary>How a round ended.</summary>
public enum RoundOutcome
{
    /// <summary>Every selected peer was asked. The report has the result of each.</summary>
    Completed,

    /// <summary>No node list was available, new or cached, so no peer was asked.</summary>
    NoNodeList,

    /// <summary>
    /// Another process holds the lease and runs the rounds (<see cref="IReplicationLease"/>), or the lease was lost during the round, which ended it. Records that were
    /// stored by then remain.
    /// </summary>
    LeaseHeldElsewhere,

    /// <summary>Another round of the same engine was running, so this one did nothing.</summary>
    AlreadyRunning,
}
