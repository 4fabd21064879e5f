namespace Koii.DbSharing;

/// <summary>A page of a list.</summary>
/// <param name="Linktrees">The records in ascending order.</param>
/// <param name="Next">
/// Where the next page starts (<see cref="LinktreeQuery.After"/>), or <see langword="null"/> if this page is the last.
/// </param>
public sealed record LinktreePage(IReadOnlyList<SignedLinktree> Linktrees, LinktreeVersion? Next)
{
    /// <summary>
    /// A page ends with the record that takes its data to this many bytes, so that pages of large records stay small.
    /// </summary>
    public const int MaxBytes = 1024 * 1024;
}
