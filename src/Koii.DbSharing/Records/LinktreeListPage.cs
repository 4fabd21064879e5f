namespace Koii.DbSharing.Records;

/// <summary>A part of a list.</summary>
/// <param name="Linktrees">The well-formed records in the order they came.</param>
/// <param name="Malformed">How many elements were not well formed, by reason.</param>
/// <param name="End">What comes after; every page but the last has <see cref="LinktreeListEnd.More"/>.</param>
internal sealed record LinktreeListPage(
    IReadOnlyList<SignedLinktree> Linktrees, IReadOnlyDictionary<RejectionReason, int> Malformed, LinktreeListEnd End)
{
    /// <summary>The most records a page holds.</summary>
    internal const int MaxLinktrees = 1024;

    /// <summary>
    /// A page ends where the data of its records, or what has arrived of the list for it, comes to this many bytes: pages take turns, and what makes no record must not be
    /// read out of turn.
    /// </summary>
    internal const int MaxBytes = 1024 * 1024;

    /// <summary>A page ends with the element that takes it to this many. An empty object costs far more than its two bytes.</summary>
    internal const int MaxElements = 16_384;
}
