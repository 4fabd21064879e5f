namespace Koii.DbSharing.Storage;

/// <summary>Consecutive changes of a store.</summary>
/// <param name="Changes">The changes, oldest first.</param>
/// <param name="Next">The position after these changes, from which to read the next page.</param>
public sealed record ChangePage(IReadOnlyList<LinktreeChange> Changes, ChangePosition Next)
{
    /// <summary>
    /// Whether the reader has missed changes, or its position is not one of this store. It then discards what it has derived from the feed and continues from
    /// <see cref="Next"/>: the feed returns all that is stored from the start.
    /// </summary>
    public bool IsTrimmed { get; init; }
}
