using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>Reads a task's change feed, from the records that are stored and the removals.</summary>
internal sealed class ChangeReader
{
    private readonly TaskRow _task;
    private readonly SqliteStatement _feed, _stored, _removed, _removals;

    internal ChangeReader(StoreConnection connection, TaskRow task)
    {
        _task = task;
        _feed = connection.Prepare("SELECT changes, trimmed FROM task WHERE task = ?1");
        _stored = connection.Prepare(
            "SELECT row, author, uuid, timestamp, id, tombstone FROM linktree WHERE row BETWEEN ?1 AND ?2 ORDER BY row LIMIT ?3");
        _removed = connection.Prepare(
            """
            SELECT added, author, uuid, timestamp, id, tombstone FROM removal INDEXED BY removal_by_addition
            WHERE added BETWEEN ?1 AND ?2 AND row > ?4 ORDER BY added LIMIT ?3
            """);
        _removals = connection.Prepare(
            "SELECT row, author, uuid, timestamp, id, tombstone FROM removal WHERE row BETWEEN ?1 AND ?2 ORDER BY row LIMIT ?3");
    }

    /// <summary>Reads a page in the transaction of the caller.</summary>
    internal ChangePage Read(ChangePosition after, int limit, CancellationToken cancellationToken)
    {
        if (!_feed.Bind(1, _task.Number).Step())
            throw new LinktreeStoreException("The database has lost the row of its task: another program changed it, or it is damaged.");
        var (last, trimmed) = (_feed.GetInt64(0), _feed.GetInt64(1));
        _feed.Reset();

        var isRetained = ChangeCursor.TryParse(after, _task.Feed, last, trimmed, out var cursor);
        if (!isRetained)
            return new ChangePage([], cursor.ToPosition(_task.Feed)) { IsTrimmed = true };

        var page = new ChangePageBuilder(cursor, limit);
        var (firstRow, lastRow) = (_task.RowOf(page.AdditionsAfter + 1), _task.LastRow);
        if (AddAdditions(page, _stored.Bind(1, firstRow).Bind(2, lastRow).Bind(3, limit), cancellationToken) is { } lastStored)
            lastRow = lastStored; // The page ends here at the latest.
        AddAdditions(page, _removed.Bind(1, firstRow).Bind(2, lastRow).Bind(3, limit).Bind(4, _task.RowOf(page.RemovalsAfter)), cancellationToken);

        _removals.Bind(1, _task.RowOf(page.RemovalsAfter + 1)).Bind(2, lastRow).Bind(3, limit);
        while (_removals.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            page.AddRemoval(TaskRow.ChangeOf(_removals.GetInt64(0)), ReadKey(_removals), ReadVersion(_removals));
        }

        return page.ToPage(_task.Feed, last);
    }

    /// <returns>The row of the last addition, if there were as many as the page may have.</returns>
    private static long? AddAdditions(ChangePageBuilder page, SqliteStatement statement, CancellationToken cancellationToken)
    {
        var (count, row) = (0, 0L);
        while (statement.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            row = statement.GetInt64(0);
            page.AddAddition(TaskRow.ChangeOf(row), ReadKey(statement), ReadVersion(statement), statement.GetInt64(5) != 0);
            count++;
        }

        return count == page.Limit ? row : null;
    }

    private static LinktreeKey ReadKey(SqliteStatement statement) =>
        new(new PublicKey(statement.GetBlob(1)), UuidBytes.Decode(statement.GetBlob(2)));

    private static LinktreeVersion ReadVersion(SqliteStatement statement) => new(statement.GetInt64(3), new LinktreeId(statement.GetBlob(4)));
}
