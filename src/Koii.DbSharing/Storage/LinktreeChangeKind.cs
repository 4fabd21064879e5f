namespace Koii.DbSharing.Storage;

/// <summary>What happened to an identity. Stores keep the numbers on disk, so they never change.</summary>
public enum LinktreeChangeKind
{
    /// <summary>It is held for the first time, or again after it was evicted.</summary>
    Inserted = 0,

    /// <summary>A newer version took the place of an older one.</summary>
    Replaced = 1,

    /// <summary>A tombstone came, in the place of an older version or as the first that is known of the identity.</summary>
    Deleted = 2,

    /// <summary>It gave way to newer records of its author, or was dropped when the store was opened. Nothing of it is held.</summary>
    Evicted = 3,
}
