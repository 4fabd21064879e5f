namespace Koii.DbSharing.PostgreSql;

/// <summary>A read met rows that have to be moved first: damaged ones, or withheld ones that are due. No caller sees it.</summary>
/// <param name="damaged">The numbers of rows that are damaged.</param>
internal sealed class RowsToMoveException(IReadOnlyList<long> damaged) : Exception("Rows have to be moved before they can be read.")
{
    internal IReadOnlyList<long> Damaged { get; } = damaged;

    /// <summary>Whether removals of the change feed are damaged.</summary>
    internal bool AreRemovalsDamaged { get; init; }

    /// <summary>Whether withheld records are due.</summary>
    internal bool IsDue => Damaged.Count == 0 && !AreRemovalsDamaged;

    internal static void ThrowIfAny(IReadOnlyList<long> damaged)
    {
        if (damaged.Count > 0)
            throw new RowsToMoveException(damaged);
    }
}
