namespace Koii.DbSharing;

/// <summary>By which way a peer's records were read.</summary>
public enum PeerPath
{
    /// <summary>By none: the peer failed before anything was read, or keeps another number of records of an author and was read within the hour.</summary>
    None,

    /// <summary>It holds just what is held here.</summary>
    InSync,

    /// <summary>What differs was found out, and fetched.</summary>
    Reconciled,

    /// <summary>The whole list, or as much of it as came.</summary>
    FullList,

    /// <summary>The peer said that its list has not changed.</summary>
    NotModified,
}
