namespace Koii.DbSharing.Storage;

/// <summary>What happened to an identity.</summary>
public enum LinktreeChangeKind
{
    /// <summary>It is held for the first time, or again after it was evicted.</summary>
    Inserted,

    /// <summary>A newer version took the place of an older one.</summary>
    Replaced,

    /// <summary>A tombstone came, in the place of an older version or as the first that is known of the identity.</summary>
    Deleted,

    /// <summary>It gave way to newer records of its author, or was dropped when the store was opened. Nothing of it is held.</summary>
    Evicted,
}
