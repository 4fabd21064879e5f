namespace Koii.DbSharing.Replication;

/// <summary>The result of one step of a pull.</summary>
/// <param name="Path">How the records were read.</param>
/// <param name="Failure">The failure that ended the pull, or <see langword="null"/>.</param>
internal readonly record struct StepResult(PeerPath Path, PeerFailure? Failure = null)
{
    /// <summary>Whether the peer turned out to have the extension, or <see langword="null"/> if nothing was learned about it.</summary>
    public bool? HasExtension { get; init; }

    /// <summary>The entity tag of the list as it was read.</summary>
    public string? EntityTag { get; init; }

    /// <inheritdoc cref="PullTotals.UnverifiedDigest"/>
    public ulong UnverifiedDigest { get; init; }

    /// <summary>Whether the whole set of the peer was compared, and not only a part of it or the records from a time on.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Whether the pull was ended because it was late.</summary>
    public bool IsOverdue { get; init; }
}
