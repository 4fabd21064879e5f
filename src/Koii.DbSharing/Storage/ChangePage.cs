namespace Koii.DbSharing.Storage;

/// <summary>A part of a store's feed of changes.</summary>
/// <param name="Changes">The changes, oldest first.</param>
/// <param name="Next">Where to go on from.</param>
public sealed record ChangePage(IReadOnlyList<LinktreeChange> Changes, ChangePosition Next)
{
    /// <summary>
    /// Changes after the position asked for are no longer in the feed. A reader keeps <see cref="Next"/>, lists the store to rebuild what it derives from
    /// it, and goes on from there; changes that the list has shown already then come once more.
    /// </summary>
    public bool IsTrimmed { get; init; }
}
