namespace Koii.DbSharing.Storage;

/// <summary>
/// Changes that a reader of the feed has not read are no longer kept. What it derives from the feed must be rebuilt.
/// </summary>
/// <param name="next">The position from which to continue.</param>
public sealed class ChangesTrimmedException(ChangePosition next) : Exception(
    "The store no longer keeps all changes after this position. Discard what is derived from the feed and follow it again from this exception's Next: "
    + "the feed then returns all that is stored. MaxRetainedChanges and ChangeRetention set how far a reader may fall behind.")
{
    /// <summary>The position from which the feed returns all that is stored, and then what changes.</summary>
    public ChangePosition Next { get; } = next;
}
