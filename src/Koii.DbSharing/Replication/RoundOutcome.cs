namespace Koii.DbSharing;

/// <summary>How a round ended.</summary>
public enum RoundOutcome
{
    /// <summary>Every peer that was chosen was asked; the report says what each of them answered.</summary>
    Completed,

    /// <summary>There was no node list, fresh or remembered, so nobody was asked.</summary>
    NoNodeList,

    /// <summary>
    /// Another process has the lease, so it runs the rounds (<see cref="IReplicationLease"/>). Also when the lease was lost in the middle of a round, which ended it; what was
    /// stored by then stays.
    /// </summary>
    LeaseHeldElsewhere,

    /// <summary>Another round of the same engine was under way, so this one did nothing.</summary>
    AlreadyRunning,
}
