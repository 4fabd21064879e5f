using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>Reads a task's change feed, from the records that are stored and the removals.</summary>
internal sealed class ChangeReader
{
    private readonly TaskRow _task;
    private readonly string _path;
    private readonly List<long> _damaged;
    private readonly SqliteStatement _feed, _stored, _removed, _removals;

    /// <summary>Creates a reader that adds the rows that do not match their checksum to a list.</summary>
    internal ChangeReader(StoreConnection connection, TaskRow task, List<long> damaged)
    {
        _task = task;
        _path = connection.Path;
        _damaged = damaged;
        _feed = connection.Prepare("SELECT changes, trimmed, feed FROM task WHERE task = ?1");
        _stored = connection.Prepare(
            $"SELECT {LinktreeColumns.Names}, row FROM linktree WHERE row BETWEEN ?1 AND ?2 ORDER BY row LIMIT ?3");
        _removed = connection.Prepare(
            $"""
            SELECT added, {Columns}, row FROM removal INDEXED BY removal_by_addition
            WHERE added BETWEEN ?1 AND ?2 AND row > ?4 ORDER BY added LIMIT ?3
            """);
        _removals = connection.Prepare($"SELECT row, {Columns} FROM removal WHERE row BETWEEN ?1 AND ?2 ORDER BY row LIMIT ?3");
    }

    /// <summary>The columns of a removal, which has no size.</summary>
    internal const string Columns = "timestamp, id, author, signature, 0, uuid, tombstone, checksum";

    /// <summary>Reads a page in the transaction of the caller.</summary>
    internal ChangePage Read(ChangePosition after, int limit, CancellationToken cancellationToken)
    {
        if (!_feed.Bind(1, _task.Number).Step())
            throw SqliteErrors.TaskRowMissing(_path);
        var (last, trimmed, feed) = (_feed.GetInt64(0), _feed.GetInt64(1), Convert.ToHexStringLower(_feed.GetBlob(2)));
        _feed.Reset();

        var isRetained = ChangeCursor.TryParse(after, feed, last, trimmed, out var cursor);
        if (!isRetained)
            return new ChangePage([], cursor.ToPosition(feed)) { IsTrimmed = true };

        var page = new ChangePageBuilder(cursor, limit);
        var (firstRow, lastRow) = (_task.RowOf(page.AdditionsAfter + 1), _task.LastRow);
        if (AddAdditions(page, _stored.Bind(1, firstRow).Bind(2, lastRow).Bind(3, limit), cancellationToken) is { } lastStored)
            lastRow = lastStored; // The page ends here at the latest.
        AddAdditions(page, _removed.Bind(1, firstRow).Bind(2, lastRow).Bind(3, limit).Bind(4, _task.RowOf(page.RemovalsAfter)), cancellationToken);

        _removals.Bind(1, _task.RowOf(page.RemovalsAfter + 1)).Bind(2, lastRow).Bind(3, limit);
        while (_removals.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var columns = new LinktreeColumns(_removals);
            if (columns.AreIntact)
                page.AddRemoval(TaskRow.ChangeOf(columns.Row), columns.Key, columns.Version);
            else
                _damaged.Add(columns.Row);
        }

        return page.ToPage(feed, last);
    }

    /// <returns>The row of the last addition, if there were as many as the page may have.</returns>
    private long? AddAdditions(ChangePageBuilder page, SqliteStatement statement, CancellationToken cancellationToken)
    {
        var (count, row) = (0, 0L);
        while (statement.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var columns = new LinktreeColumns(statement);
            (row, count) = (columns.Row, count + 1);
            if (columns.AreIntact)
                page.AddAddition(TaskRow.ChangeOf(row), columns.Key, columns.Version, columns.IsTombstone);
            else
                _damaged.Add(statement.GetInt64(LinktreeColumns.Count));
        }

        return count == page.Limit ? row : null;
    }
}
