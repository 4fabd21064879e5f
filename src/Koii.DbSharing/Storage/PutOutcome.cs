namespace Koii.DbSharing;

/// <summary>What a store did with a record.</summary>
public enum PutOutcome
{
    /// <summary>The identity was new and is kept.</summary>
    Inserted,

    /// <summary>It took the place of an older version.</summary>
    Replaced,

    /// <summary>The very same record was held already.</summary>
    Unchanged,

    /// <summary>A newer version is held, or the author has as many newer records as are kept. Nothing was stored.</summary>
    Superseded,

    /// <summary>The store is at its bound and the author holds nothing yet. Nothing was stored.</summary>
    Full,
}
