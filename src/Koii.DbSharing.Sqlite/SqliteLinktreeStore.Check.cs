using Koii.DbSharing.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing;

/// <content>Checks the stored rows beside serving.</content>
public sealed partial class SqliteLinktreeStore
{
    /// <summary>How many rows are checked while other reads wait for the permit: a few milliseconds.</summary>
    private const int RowsPerSlice = 1024;

    /// <summary>How often a check starts again after it has built the indexes again.</summary>
    private const int MaxRebuilds = 2;

    /// <summary>
    /// Checks each stored row of the task: its checksum, its id, and that each index leads to it and to no other record of its
    /// identity.
    /// </summary>
    /// <remarks>
    /// <para>Reads verify what they read. This check finds what they do not read, and what no single row shows: an index that a
    /// fault of the disk has changed. Damaged rows are moved to the table <c>damaged</c> and are no longer served; indexes that
    /// differ from their table are built again. Good copies then come from peers. All that is found is logged.</para>
    /// <para>Other calls run between two slices of 1,024 rows. A million records take about 20 seconds of one processor.
    /// <c>UseSqlite</c> runs the check after the start of the host and once a day.</para>
    /// </remarks>
    /// <param name="cancellationToken">Ends the check between two rows; what it has repaired stays repaired.</param>
    /// <returns>What was checked and repaired.</returns>
    /// <exception cref="LinktreeStoreException">
    /// The file cannot be read or written, or its structure is damaged, so that it has to be restored or deleted.
    /// </exception>
    public Task<SqliteCheckResult> CheckAsync(CancellationToken cancellationToken = default) => CheckAsync(TimeSpan.Zero, cancellationToken);

    /// <summary>The path of the file.</summary>
    internal string DatabasePath => _settings.Path;

    /// <summary>Checks with a pause between two slices.</summary>
    internal async Task<SqliteCheckResult> CheckAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        var moved = 0L;
        for (var rebuilds = 0; ; rebuilds++)
        {
            var pass = new CheckPass();
            try
            {
                await CheckRowsAsync(pass, pause, cancellationToken).ConfigureAwait(false);
                await CheckRemovalsAsync(pass, pause, cancellationToken).ConfigureAwait(false);
                if (!pass.IsIndexWrong)
                    await CheckTotalsAsync(pass, cancellationToken).ConfigureAwait(false);
            }
            catch (LinktreeStoreException damage) when (damage.InnerException is SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT } && rebuilds == 0)
            {
                pass.IsIndexWrong = true;
            }

            moved += pass.Moved;
            if (!pass.IsIndexWrong)
                return new SqliteCheckResult(pass.Rows, moved, AreIndexesRebuilt: rebuilds > 0);
            if (rebuilds == MaxRebuilds)
                throw SqliteErrors.Damaged(_settings.Path, "an index differs from its table and cannot be built again");

            // What an index did not lead to is found in another pass.
            await WriteAsync(writer => writer.RebuildIndexes(), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CheckRowsAsync(CheckPass pass, TimeSpan pause, CancellationToken cancellationToken)
    {
        for (var (after, count) = (0L, RowsPerSlice); count == RowsPerSlice && !pass.IsIndexWrong;)
        {
            var slice = await ReadUncheckedAsync(reader => reader.Check.Read(after, RowsPerSlice, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            if (slice.IsOutOfOrder)
                throw SqliteErrors.Damaged(_settings.Path, "the rows of a table are not in order");
            await RepairAsync(pass, slice, cancellationToken).ConfigureAwait(false);
            (after, count) = (slice.Last, slice.Count);
            pass.Rows += slice.Count;
            await PauseAsync(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CheckRemovalsAsync(CheckPass pass, TimeSpan pause, CancellationToken cancellationToken)
    {
        for (var (after, count) = (0L, RowsPerSlice); count == RowsPerSlice && !pass.IsIndexWrong;)
        {
            var slice = await ReadUncheckedAsync(reader => reader.Check.ReadRemovals(after, RowsPerSlice, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            await RepairAsync(pass, slice, cancellationToken).ConfigureAwait(false);
            (after, count) = (slice.Last, slice.Count);
            await PauseAsync(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CheckTotalsAsync(CheckPass pass, CancellationToken cancellationToken)
    {
        var (areIndexesRight, areCountsRight) = await ReadUncheckedAsync(reader => reader.Check.ReadTotals(), cancellationToken).ConfigureAwait(false);
        pass.IsIndexWrong = !areIndexesRight;
        if (!areCountsRight)
            await WriteAsync(writer => writer.CountRecords(), cancellationToken).ConfigureAwait(false);
    }

    private async Task RepairAsync(CheckPass pass, RowCheckSlice slice, CancellationToken cancellationToken)
    {
        if (slice.Damaged.Count > 0)
        {
            var (moved, areIndexesRebuilt) = await WriteAsync(writer => writer.MoveDamaged(slice.Damaged), cancellationToken).ConfigureAwait(false);
            pass.Moved += moved;
            if (areIndexesRebuilt)
                throw RowsNotFound();
        }

        foreach (var key in slice.Repeated.Distinct())
            pass.Moved += await WriteAsync(writer => writer.MoveOlderVersions(key), cancellationToken).ConfigureAwait(false);
        if (slice.HasDataWithoutRecord)
            await WriteAsync(writer => writer.DeleteDataWithoutRecord(), cancellationToken).ConfigureAwait(false);
        pass.IsIndexWrong |= slice.IsIndexWrong;
    }

    private ValueTask<T> ReadUncheckedAsync<T>(Func<StoreReader, T> read, CancellationToken cancellationToken) =>
        ReadOnceAsync(reader => reader.Read(read, now: long.MinValue), cancellationToken);

    private Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken) =>
        pause > TimeSpan.Zero ? Task.Delay(pause, _timeProvider, cancellationToken) : Task.CompletedTask;

    /// <summary>What one pass over all rows has found.</summary>
    private sealed class CheckPass
    {
        public long Rows { get; set; }

        public long Moved { get; set; }

        public bool IsIndexWrong { get; set; }
    }
}
