namespace Koii.DbSharing.Replication;

/// <summary>How a peer stands when a round chooses whom to ask.</summary>
internal enum PeerStanding
{
    /// <summary>Nothing speaks against it.</summary>
    Plain,

    /// <summary>It has not failed once for at least a day.</summary>
    LongGood,

    /// <summary>It failed and is left alone.</summary>
    Resting,

    /// <summary>It failed, has rested, and may show whether it works again.</summary>
    Rested,
}
