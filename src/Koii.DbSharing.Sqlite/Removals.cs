namespace Koii.DbSharing.Sqlite;

/// <summary>The versions that were removed, as the feed reports them, in the transaction of the writer.</summary>
internal sealed class Removals
{
    private readonly TaskRow _task;
    private readonly SqliteStatement _insert, _firstYoung, _last, _trim;

    internal Removals(StoreConnection connection, TaskRow task)
    {
        _task = task;
        _insert = connection.Prepare(
            """
            INSERT INTO removal (row, added, at, author, uuid, timestamp, id, tombstone, checksum, signature)
            SELECT ?2, row, ?3, author, uuid, timestamp, id, tombstone, checksum, signature FROM linktree WHERE row = ?1
            """);

        // Only removals before the first one that is young enough are read, in the order of their numbers, even if a
        // clock was set back.
        _firstYoung = connection.Prepare("SELECT row FROM removal WHERE row BETWEEN ?1 AND ?2 AND at >= ?3 ORDER BY row LIMIT 1");
        _last = connection.Prepare("SELECT row FROM removal WHERE row BETWEEN ?1 AND ?2 ORDER BY row DESC LIMIT 1");
        _trim = connection.Prepare("DELETE FROM removal WHERE row BETWEEN ?1 AND ?2");
    }

    /// <summary>Adds the removal of a stored row.</summary>
    internal void Add(long stored, long removal, long now) => _insert.Bind(1, stored).Bind(2, removal).Bind(3, now).Execute();

    /// <summary>Trims removals that are too many or too old; returns the number of the newest one that was ever trimmed.</summary>
    internal long Trim(long trimmed, long changes, long maxRetained, long oldest)
    {
        var first = _task.RowOf(trimmed + 1);
        var last = _task.RowOf(changes);
        if (TryReadRow(_firstYoung.Bind(1, first).Bind(2, last).Bind(3, oldest), out var young))
            last = Math.Max(young - 1, _task.RowOf(Math.Max(0, changes - maxRetained)));

        if (!TryReadRow(_last.Bind(1, first).Bind(2, last), out last))
            return trimmed;
        _trim.Bind(1, first).Bind(2, last).Execute();
        return TaskRow.ChangeOf(last);
    }

    private static bool TryReadRow(SqliteStatement statement, out long row)
    {
        var isFound = statement.Step();
        row = isFound ? statement.GetInt64(0) : 0;
        statement.Reset();
        return isFound;
    }
}
