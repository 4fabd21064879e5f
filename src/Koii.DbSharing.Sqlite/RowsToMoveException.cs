namespace Koii.DbSharing.Sqlite;

/// <summary>
/// A read met rows that the writer has to move before the read can succeed: rows that are damaged or, if there are none,
/// withheld records that are due.
/// </summary>
internal sealed class RowsToMoveException(IReadOnlyList<long> damaged, bool isDamageAbsence) : Exception
{
    internal IReadOnlyList<long> Damaged { get; } = damaged;

    /// <summary>Whether the read treats a damaged record as one that is not stored.</summary>
    internal bool IsDamageAbsence { get; } = isDamageAbsence;
}
