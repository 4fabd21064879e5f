namespace Koii.DbSharing.Records;

/// <summary>A page of a list that is being read.</summary>
/// <param name="Linktrees">The well-formed records in list order.</param>
/// <param name="Malformed">The number of elements that are not well formed, by reason.</param>
/// <param name="End">How the list ended; <see cref="ListEnd.More"/> in every page except the last.</param>
internal sealed record LinktreeListPage(
    IReadOnlyList<SignedLinktree> Linktrees, IReadOnlyDictionary<RejectionReason, int> Malformed, ListEnd End)
{
    /// <summary>The maximum number of records in a page.</summary>
    internal const int MaxLinktrees = 2048;

    /// <summary>
    /// A page ends when the data of its records, or the part of the list that was read for it, reaches this many bytes.
    /// The second bound makes a peer that sends nothing useful wait between pages like any other.
    /// </summary>
    internal const int MaxBytes = 1024 * 1024;

    /// <summary>
    /// The maximum number of elements in a page, malformed ones included. An empty object costs far more than its two
    /// bytes.
    /// </summary>
    internal const int MaxElements = 16_384;

    /// <summary>The sum of the hashes of the elements that are not well formed, modulo 2^64.</summary>
    internal ulong MalformedDigest { get; init; }
}
