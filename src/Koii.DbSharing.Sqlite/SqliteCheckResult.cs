namespace Koii.DbSharing;

/// <summary>What <see cref="SqliteLinktreeStore.CheckAsync(CancellationToken)"/> has checked and repaired.</summary>
/// <param name="Records">The number of stored records that were checked.</param>
/// <param name="MovedRows">The number of rows that were moved to the table <c>damaged</c>: damaged ones, and older versions of an identity that was stored twice.</param>
/// <param name="AreIndexesRebuilt">Whether an index differed from its table, so that all were built again.</param>
public sealed record SqliteCheckResult(long Records, long MovedRows, bool AreIndexesRebuilt);
