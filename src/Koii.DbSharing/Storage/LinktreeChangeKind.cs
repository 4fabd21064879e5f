namespace Koii.DbSharing.Storage;

/// <summary>What happened to an identity. Stores keep the numbers on disk, so they never change.</summary>
public enum LinktreeChangeKind
{
    /// <summary>The identity is stored for the first time, or again after it was evicted.</summary>
    Inserted = 0,

    /// <summary>A newer version replaced an older one.</summary>
    Replaced = 1,

    /// <summary>
    /// A tombstone was stored: it replaced an older version, or it is the first version of the identity that the store
    /// received.
    /// </summary>
    Deleted = 2,

    /// <summary>
    /// The identity was removed because its author has newer ones: as many as a store keeps of an author, or ones for which a
    /// store at its bound had no other room. No version of it is stored.
    /// </summary>
    Evicted = 3,
}
