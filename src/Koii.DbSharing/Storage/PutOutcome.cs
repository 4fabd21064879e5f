namespace Koii.DbSharing;

/// <summary>What a store did with a record.</summary>
public enum PutOutcome
{
    /// <summary>The identity was new and is stored.</summary>
    Inserted,

    /// <summary>The record replaced an older version of its identity.</summary>
    Replaced,

    /// <summary>The same record was stored already.</summary>
    Unchanged,

    /// <summary>
    /// A newer version is stored, or the author has as many newer records as a store keeps of an author. Nothing was
    /// stored.
    /// </summary>
    Superseded,

    /// <summary>
    /// The store is at one of its bounds, and the record fits neither in place of an older version nor of older records of
    /// its author. Nothing was stored; the record may be stored once there is room.
    /// </summary>
    Full,
}
