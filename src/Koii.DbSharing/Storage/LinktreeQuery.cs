namespace Koii.DbSharing;

/// <summary>
/// Selects the records to list. The default selects the records of all authors from the oldest on, without tombstones.
/// </summary>
public sealed record LinktreeQuery
{
    /// <summary>The author whose records are listed. Default: all authors.</summary>
    public PublicKey? Author { get; init; }

    /// <summary>
    /// Whether tombstones are listed too. Default: <see langword="false"/>, which suits applications; replication needs
    /// them.
    /// </summary>
    public bool IncludeTombstones { get; init; }

    /// <summary>
    /// The version after which the list starts: the <see cref="LinktreePage.Next"/> of the page before. Default:
    /// <see langword="null"/>, from the oldest record on.
    /// </summary>
    public LinktreeVersion? After { get; init; }

    /// <summary>The maximum number of records to return. Default: 512; at least 1.</summary>
    public int Limit { get; init; } = 512;
}
