namespace Koii.DbSharing.Storage;

/// <summary>A reader of the feed has fallen so far behind that changes it has not seen are gone. What it derives from the store has to be built anew.</summary>
/// <param name="next">The present, from which to go on.</param>
public sealed class ChangesTrimmedException(ChangePosition next) : Exception(
    "The store no longer has the changes that come next. List the store to rebuild what is derived from it, and follow the changes again from this exception's Next; "
    + "those that the list has shown already come once more. MaxRetainedChanges and ChangeRetention say how far a reader may fall behind.")
{
    /// <summary>The present as it was when the loss was noticed: read the list after it, then go on from here, and nothing is missed.</summary>
    public ChangePosition Next { get; } = next;
}
