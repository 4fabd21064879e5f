namespace Koii.DbSharing;

/// <summary>What <see cref="SqliteLinktreeStore.CheckAsync(CancellationToken)"/> has checked and repaired.</summary>
/// <param name="Rows">The number of rows of stored records that were checked.</param>
/// <param name="DamagedRows">The number of rows that were moved to the table <c>damaged</c>.</param>
/// <param name="AreIndexesRebuilt">Whether an index differed from its table, so that all were built again.</param>
public sealed record SqliteCheckResult(long Rows, long DamagedRows, bool AreIndexesRebuilt);
