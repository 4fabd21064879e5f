namespace Koii.DbSharing;

/// <summary>What became of a record that arrived (protocol §4).</summary>
public enum VerdictKind
{
    /// <summary>Its identity was new, and it is stored.</summary>
    Inserted,

    /// <summary>It took the place of an older version.</summary>
    Replaced,

    /// <summary>It was held already.</summary>
    Unchanged,

    /// <summary>A newer version is held, or the author has as many newer records as are kept.</summary>
    Superseded,

    /// <summary>It is too far ahead of this node's clock. Nobody's fault; it is looked at again when it is due.</summary>
    NotYetValid,

    /// <summary>The store is at its bound and the author holds nothing yet.</summary>
    Full,

    /// <summary>It is refused for good, for the reason beside it.</summary>
    Rejected,
}
