namespace Koii.DbSharing.Storage;

/// <summary>A record of an <see cref="InMemoryLinktreeStore"/>, and the changes that concern it.</summary>
/// <remarks>
/// After the removal the entry keeps the identity and the version for the change feed, and not the record: an author could
/// otherwise fill the memory with replaced records.
/// </remarks>
/// <param name="linktree">The record.</param>
/// <param name="added">The number of the change that added it.</param>
internal sealed class InMemoryEntry(SignedLinktree linktree, long added)
{
    private SignedLinktree? _linktree = linktree;
    private RemovedVersion? _removedVersion;

    /// <summary>The record, until it is removed.</summary>
    internal SignedLinktree Linktree => _linktree!;

    internal LinktreeKey Key => _linktree?.Key ?? _removedVersion!.Key;

    internal LinktreeVersion Version => _linktree?.Version ?? _removedVersion!.Version;

    internal bool IsTombstone => _linktree?.IsTombstone ?? _removedVersion!.IsTombstone;

    internal long Added { get; } = added;

    /// <summary>The number of the change that removed it, or 0 while it is stored.</summary>
    internal long Removed { get; private set; }

    internal void Remove(long number)
    {
        _removedVersion = new RemovedVersion(Key, Version, IsTombstone);
        _linktree = null;
        Removed = number;
    }

    private sealed record RemovedVersion(LinktreeKey Key, LinktreeVersion Version, bool IsTombstone);
}
