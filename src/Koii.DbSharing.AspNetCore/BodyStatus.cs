namespace Koii.DbSharing.AspNetCore;

/// <summary>Whether a request body was read to its end, or why not.</summary>
internal enum BodyStatus
{
    /// <summary>All of it was read.</summary>
    Complete,

    /// <summary>It is longer than its limit.</summary>
    TooLong,

    /// <summary>Too many bodies are on their way (<see cref="PendingBodies"/>).</summary>
    Refused,
}
