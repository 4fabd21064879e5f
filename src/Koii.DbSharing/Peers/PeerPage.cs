using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>A part of a peer's list: well-formed records, and counts of the rest.</summary>
/// <param name="Linktrees">The well-formed records, in the order they came. Nothing is said about their signatures.</param>
public sealed record PeerPage(IReadOnlyList<SignedLinktree> Linktrees)
{
    /// <summary>The most records a page holds.</summary>
    public const int MaxLinktrees = LinktreeListPage.MaxLinktrees;

    /// <summary>A page ends where the data of its records, or the part of the list that was read for it, comes to this many bytes.</summary>
    public const int MaxBytes = LinktreeListPage.MaxBytes;

    /// <summary>How many elements were not well formed, by reason. Default: none.</summary>
    public IReadOnlyDictionary<RejectionReason, int> Malformed { get; init; } = EmptyCounts;

    /// <summary>What this page cost on the wire in bytes, before decompression. Default: 0, for clients that have no wire.</summary>
    public long BytesReceived { get; init; }

    /// <summary>On the last page: a mark by which an unchanged list is known the next time. Only given when the list was read to its end.</summary>
    public string? EntityTag { get; init; }

    /// <summary>On the only page: the list is the one of the given entity tag, and nothing was sent.</summary>
    public bool NotModified { get; init; }

    /// <summary>On the last page: why there is no more, or <see langword="null"/> where the list was read to its end.</summary>
    public PeerFailure? Failure { get; init; }

    private static readonly IReadOnlyDictionary<RejectionReason, int> EmptyCounts = new Dictionary<RejectionReason, int>().AsReadOnly();
}
