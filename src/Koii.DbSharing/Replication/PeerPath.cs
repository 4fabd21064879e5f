namespace Koii.DbSharing.Replication;

/// <summary>By which way a peer's records were read.</summary>
public enum PeerPath
{
    /// <summary>By none: the peer failed before anything was read.</summary>
    None,

    /// <summary>The whole list, or as much of it as came.</summary>
    FullList,

    /// <summary>The peer said that its list has not changed.</summary>
    NotModified,
}
