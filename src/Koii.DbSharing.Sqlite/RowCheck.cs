namespace Koii.DbSharing.Sqlite;

/// <summary>
/// Compares stored rows with what was written, and with the indexes, a few at a time. What reads do not notice is found: an index
/// that does not lead to a row, and an identity that has several.
/// </summary>
internal sealed class RowCheck
{
    private readonly TaskRow _task;
    private readonly SqliteStatement _rows, _countData, _byKey, _byId, _byTime, _removals, _totals;

    internal RowCheck(StoreConnection connection, TaskRow task)
    {
        _task = task;
        _rows = connection.Prepare(
            $"""
            SELECT {LinktreeColumns.Names}, data, task, uuid_hash FROM linktree LEFT JOIN linktree_data USING (row)
            WHERE row > ?1 AND row <= ?2 ORDER BY row LIMIT ?3
            """);
        _countData = connection.Prepare("SELECT count(*) FROM linktree_data WHERE row > ?1 AND row <= ?2");
        _byKey = connection.Prepare(
            """
            SELECT row FROM linktree INDEXED BY linktree_by_key
            WHERE task = ?1 AND substr(author, 1, 8) = substr(?2, 1, 8) AND uuid_hash = ?4 AND author = ?2 AND uuid = ?3
            """);
        _byId = connection.Prepare(
            "SELECT row FROM linktree INDEXED BY linktree_by_id WHERE task = ?1 AND substr(id, 1, 8) = substr(?2, 1, 8) AND id = ?2");
        _byTime = connection.Prepare(
            """
            SELECT row FROM linktree INDEXED BY linktree_by_time
            WHERE task = ?1 AND timestamp = ?3 AND substr(id, 1, 8) = substr(?2, 1, 8) AND id = ?2
            """);
        _removals = connection.Prepare($"SELECT row, {ChangeReader.Columns} FROM removal WHERE row > ?1 AND row <= ?2 ORDER BY row LIMIT ?3");

        // The conditions on the task make SQLite count in the index that is named.
        _totals = connection.Prepare(
            """
            WITH
                stored AS (SELECT count(*) AS records, coalesce(sum(size), 0) AS bytes, max(row) AS last FROM linktree WHERE row BETWEEN ?2 AND ?3),
                kept AS (SELECT count(*) AS records, coalesce(sum(size), 0) AS bytes FROM withheld WHERE task = ?1)
            SELECT
                (SELECT count(*) FROM linktree INDEXED BY linktree_by_key WHERE task = ?1) = stored.records
                    AND (SELECT count(*) FROM linktree INDEXED BY linktree_by_id WHERE task = ?1) = stored.records
                    AND (SELECT count(*) FROM linktree INDEXED BY linktree_by_time WHERE task = ?1) = stored.records
                    AND (SELECT count(*) FROM removal INDEXED BY removal_by_addition WHERE added BETWEEN ?2 AND ?3)
                        = (SELECT count(*) FROM removal WHERE row BETWEEN ?2 AND ?3),
                t.records = stored.records + kept.records AND t.bytes = stored.bytes + kept.bytes
                    AND t.trimmed <= t.changes AND coalesce(stored.last, 0) <= (?2 | t.changes)
            FROM task t, stored, kept WHERE t.task = ?1
            """);
    }

    /// <summary>Checks rows after one; the last slice has fewer than the limit.</summary>
    internal RowCheckSlice Read(long after, int limit, CancellationToken cancellationToken)
    {
        var slice = new RowCheckSlice { Last = Math.Max(after, _task.RowOf(0)) };
        var (first, withData) = (slice.Last, 0);
        _rows.Bind(1, first).Bind(2, _task.LastRow).Bind(3, limit);
        while (_rows.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var row = _rows.GetInt64(0);
            slice.IsOutOfOrder |= row <= slice.Last;
            slice.Last = row;
            slice.Count++;
            var data = _rows.GetBlob(LinktreeColumns.Count);
            withData += data.IsEmpty ? 0 : 1;
            if (DamagedRows.FindReason(_rows, data, _task) is not null)
                slice.Damaged.Add(row);
            else
                CompareWithIndexes(slice, row);
        }

        _countData.Bind(1, first).Bind(2, slice.Count < limit ? _task.LastRow : slice.Last).Step();
        slice.HasDataWithoutRecord = _countData.GetInt64(0) > withData;
        _countData.Reset();
        return slice;
    }

    /// <summary>Checks removals after one; the last slice has fewer than the limit.</summary>
    internal RowCheckSlice ReadRemovals(long after, int limit, CancellationToken cancellationToken)
    {
        var slice = new RowCheckSlice { Last = Math.Max(after, _task.RowOf(0)) };
        _removals.Bind(1, slice.Last).Bind(2, _task.LastRow).Bind(3, limit);
        while (_removals.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            slice.Last = _removals.GetInt64(0);
            slice.Count++;
            if (!new LinktreeColumns(_removals).AreIntact)
                slice.Damaged.Add(slice.Last);
        }

        return slice;
    }

    /// <summary>Compares the numbers of entries of the indexes with the tables, and what the task counts with what it has.</summary>
    internal (bool AreIndexesRight, bool AreCountsRight) ReadTotals()
    {
        if (!_totals.Bind(1, _task.Number).Bind(2, _task.RowOf(0)).Bind(3, _task.LastRow).Step())
            return (true, true);
        var totals = (_totals.GetInt64(0) != 0, _totals.GetInt64(1) != 0);
        _totals.Reset();
        return totals;
    }

    private void CompareWithIndexes(RowCheckSlice slice, long row)
    {
        var columns = new LinktreeColumns(_rows);
        var (author, version) = (columns.Author, columns.Version);
        _byKey.Bind(1, _task.Number).Bind(2, author.AsSpan()).Bind(3, columns.Uuid).Bind(4, _task.HashOf(columns.Uuid));
        var ofIdentity = CountRows(_byKey, row, out var isFound);
        _ = CountRows(_byId.Bind(1, _task.Number).Bind(2, version.Id.AsSpan()), row, out var isFoundById);
        _ = CountRows(_byTime.Bind(1, _task.Number).Bind(2, version.Id.AsSpan()).Bind(3, version.Timestamp), row, out var isFoundByTime);
        slice.IsIndexWrong |= !isFound || !isFoundById || !isFoundByTime;
        if (ofIdentity > 1)
            slice.Repeated.Add(columns.Key);
    }

    private static int CountRows(SqliteStatement statement, long row, out bool isFound)
    {
        var count = 0;
        for (isFound = false; statement.Step(); count++)
            isFound |= statement.GetInt64(0) == row;
        return count;
    }
}

/// <summary>What was found in a few rows.</summary>
internal sealed class RowCheckSlice
{
    /// <summary>The last row that was read.</summary>
    internal long Last { get; set; }

    internal int Count { get; set; }

    internal List<long> Damaged { get; } = [];

    /// <summary>The identities that have several rows.</summary>
    internal List<LinktreeKey> Repeated { get; } = [];

    internal bool IsIndexWrong { get; set; }

    /// <summary>Whether rows are not in ascending order, which no index repairs.</summary>
    internal bool IsOutOfOrder { get; set; }

    internal bool HasDataWithoutRecord { get; set; }
}
