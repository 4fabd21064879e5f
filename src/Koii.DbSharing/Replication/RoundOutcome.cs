namespace Koii.DbSharing.Replication;

/// <summary>How a round ended.</summary>
public enum RoundOutcome
{
    /// <summary>Every peer that was chosen was asked; the report says what each of them answered.</summary>
    Completed,

    /// <summary>There was no node list, fresh or remembered, so nobody was asked.</summary>
    NoNodeList,

    /// <summary>Another round of the same engine was under way, so this one did nothing.</summary>
    AlreadyRunning,
}
