namespace Koii.DbSharing.Storage;

/// <summary>A record of an <see cref="InMemoryLinktreeStore"/>, and the changes that concern it.</summary>
/// <param name="linktree">The record.</param>
/// <param name="added">The number of the change that added it.</param>
internal sealed class InMemoryEntry(SignedLinktree linktree, long added)
{
    internal SignedLinktree Linktree { get; } = linktree;

    internal long Added { get; } = added;

    /// <summary>The number of the change that removed it, or 0 while it is stored.</summary>
    internal long Removed { get; set; }
}
