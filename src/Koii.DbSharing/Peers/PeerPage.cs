using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>A part of a peer's list: its well-formed records, and how many elements were not well formed.</summary>
/// <param name="Linktrees">The well-formed records, in the order they came. Their signatures are not checked.</param>
public sealed record PeerPage(IReadOnlyList<SignedLinktree> Linktrees)
{
    /// <summary>The maximum number of records of a page.</summary>
    public const int MaxLinktrees = LinktreeListPage.MaxLinktrees;

    /// <summary>
    /// A page ends where the data of its records, or the part of the list that was read for it, reaches this many
    /// bytes.
    /// </summary>
    public const int MaxBytes = LinktreeListPage.MaxBytes;

    /// <summary>How many elements were not well formed, by reason. Default: none.</summary>
    public IReadOnlyDictionary<RejectionReason, int> Malformed { get; init; } = EmptyCounts;

    /// <summary>
    /// The sum of hashes of the elements that were not well formed, modulo 2^64. The sum over the pages of a list is the same in two
    /// readings if the list had the same such elements, in whatever order: an element that was damaged on the way is not among them twice.
    /// Default: 0, for none.
    /// </summary>
    public ulong MalformedDigest { get; init; }

    /// <summary>
    /// The bytes received on the wire for this page, before decompression. Default: 0, for clients that use no network.
    /// </summary>
    public long BytesReceived { get; init; }

    /// <summary>
    /// On the last page of a list that was read to its end: the text that identifies this state of the list in the next
    /// call. Default: none.
    /// </summary>
    public string? EntityTag { get; init; }

    /// <summary>On the only page: the list is unchanged since the given entity tag, and nothing was sent.</summary>
    public bool NotModified { get; init; }

    /// <summary>On the only page: the peer answered at each path of its list that there is none (404).</summary>
    public bool NotFound { get; init; }

    /// <summary>
    /// Where the response came from, on each of its pages, also if it is a failure; <see langword="null"/> if no response came. Default:
    /// <see langword="null"/>, for clients that use no network.
    /// </summary>
    public PeerSource? Source { get; init; }

    /// <summary>On the last page: why the list was not read to its end, or <see langword="null"/>.</summary>
    public PeerFailure? Failure { get; init; }

    private static readonly IReadOnlyDictionary<RejectionReason, int> EmptyCounts = new Dictionary<RejectionReason, int>().AsReadOnly();
}
