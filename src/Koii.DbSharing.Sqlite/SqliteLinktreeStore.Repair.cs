using Koii.DbSharing.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing;

/// <content>Lets the writer move rows that a read has met: damaged ones, and withheld records that are due.</content>
public sealed partial class SqliteLinktreeStore
{
    /// <summary>How often one read is repeated because of damaged rows.</summary>
    private const int MaxRepairs = 16;

    private bool _areIndexesRebuilt;

    private async ValueTask<T> ReadAsync<T>(Func<StoreReader, T> read, CancellationToken cancellationToken)
    {
        var now = _timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        for (var repairs = 0; ;)
        {
            try
            {
                return await ReadOnceAsync(reader => reader.Read(read, now), cancellationToken).ConfigureAwait(false);
            }
            catch (RowsToMoveException found) when (found.Damaged.Count == 0)
            {
                // The clock is read again: it may have been set back meanwhile, so that nothing is due.
                now = await TryMoveDueAsync(cancellationToken).ConfigureAwait(false) ? _timeProvider.GetUtcNow().ToUnixTimeMilliseconds() : long.MinValue;
            }
            catch (RowsToMoveException found)
            {
                var (_, areIndexesRebuilt) = await WriteAsync(writer => writer.MoveDamaged(found.Damaged), cancellationToken).ConfigureAwait(false);
                if (areIndexesRebuilt && Interlocked.Exchange(ref _areIndexesRebuilt, true))
                    throw RowsNotFound();
                if (!found.IsDamageAbsence || ++repairs == MaxRepairs)
                    throw DamagedRowsMoved();
            }
            catch (LinktreeStoreException damage)
                when (damage.InnerException is SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT } && !Interlocked.Exchange(ref _areIndexesRebuilt, true))
            {
                // Most of the pages are those of indexes. If a table is damaged, this fails as the read did.
                await WriteAsync(writer => writer.RebuildIndexes(), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Moves withheld records back; returns <see langword="false"/> if the file cannot be written, which reads do not need.</summary>
    private async ValueTask<bool> TryMoveDueAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(writer => writer.MoveDue(), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (LinktreeStoreException)
        {
            return false;
        }
    }

    /// <summary>The tree of a table is not in order, so rows that a read meets are not found by their numbers.</summary>
    private LinktreeStoreException RowsNotFound() => SqliteErrors.Damaged(_settings.Path, "rows of a table cannot be found by their numbers");

    private LinktreeStoreException DamagedRowsMoved() =>
        new($"The database '{_settings.Path}' had damaged rows, which are no longer served. The call can be made again.") { IsTransient = true };
}
