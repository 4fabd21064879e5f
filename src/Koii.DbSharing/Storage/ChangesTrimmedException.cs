namespace Koii.DbSharing.Storage;

/// <summary>
/// Changes that a reader of the feed has not read are no longer kept. What it derives from the store must be rebuilt.
/// </summary>
/// <param name="next">The position from which to continue.</param>
public sealed class ChangesTrimmedException(ChangePosition next) : Exception(
    "The store no longer keeps the changes after this position. List the store to rebuild what is derived from it, and follow the changes again "
    + "from this exception's Next; changes that the list has included already occur once more. MaxRetainedChanges and ChangeRetention set how far "
    + "a reader may fall behind.")
{
    /// <summary>
    /// The end of the feed when the gap was found. A reader that lists the store and then continues from here misses
    /// nothing.
    /// </summary>
    public ChangePosition Next { get; } = next;
}
