namespace Koii.DbSharing;

/// <summary>The kinds of outcomes of a record that arrives (protocol §4).</summary>
public enum VerdictKind
{
    /// <summary>The identity is new, and the record is stored.</summary>
    Inserted,

    /// <summary>The record replaced an older version.</summary>
    Replaced,

    /// <summary>The record was already held.</summary>
    Unchanged,

    /// <summary>A newer version is held, or the author has as many newer records as are kept.</summary>
    Superseded,

    /// <summary>The record is too far ahead of this node's clock. It does not count against the peer and is processed again when it is due.</summary>
    NotYetValid,

    /// <summary>The store is full, and the author has no record in it.</summary>
    Full,

    /// <summary>The record is rejected for the reason of the verdict.</summary>
    Rejected,
}
