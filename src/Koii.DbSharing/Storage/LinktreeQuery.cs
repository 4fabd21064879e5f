namespace Koii.DbSharing;

/// <summary>Which records to list. The default lists everybody's from the oldest on, without tombstones.</summary>
public sealed record LinktreeQuery
{
    /// <summary>Only this author's records. Default: everybody's.</summary>
    public PublicKey? Author { get; init; }

    /// <summary>Whether tombstones are listed too. Default: no, as applications want it; replication wants them.</summary>
    public bool IncludeTombstones { get; init; }

    /// <summary>Only records newer than this: the <see cref="LinktreePage.Next"/> of the page before. Default: from the oldest on.</summary>
    public LinktreeVersion? After { get; init; }

    /// <summary>The most records to return. Default: 512; at least 1.</summary>
    public int Limit { get; init; } = 512;
}
