namespace Koii.DbSharing.Storage;

/// <summary>Consecutive changes of a store.</summary>
/// <param name="Changes">The changes, oldest first.</param>
/// <param name="Next">The position after these changes, from which to read the next page.</param>
public sealed record ChangePage(IReadOnlyList<LinktreeChange> Changes, ChangePosition Next)
{
    /// <summary>
    /// Whether changes after the requested position are no longer in the feed. A reader then keeps <see cref="Next"/>,
    /// lists the store to rebuild what it derives from it, and continues from <see cref="Next"/>; changes that the list
    /// has included already then occur once more.
    /// </summary>
    public bool IsTrimmed { get; init; }
}
