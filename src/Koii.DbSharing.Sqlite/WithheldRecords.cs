namespace Koii.DbSharing.Sqlite;

/// <summary>
/// The records that are kept and not served because they are too far in the future by this process's clock, and the statements
/// that move them, in the transaction of the writer.
/// </summary>
internal sealed class WithheldRecords
{
    private const string Columns = "row, task, author, uuid, timestamp, id, tombstone, size, checksum, signature";

    private readonly StoreConnection _connection;
    private readonly TaskRow _task;
    private readonly SqliteStatement _count, _insert, _findOther, _deleteData, _deleteStored, _trimVersions, _trimAuthors;
    private readonly SqliteStatement _first, _due, _contains, _delete;

    internal WithheldRecords(StoreConnection connection, TaskRow task)
    {
        _connection = connection;
        _task = task;
        _count = connection.Prepare("SELECT count(*) FROM linktree INDEXED BY linktree_by_time WHERE task = ?1 AND timestamp > ?2");

        // In the order of the rows, which is that of the pages. A record whose data is lost is found damaged when it is due.
        _insert = connection.Prepare(
            $"""
            INSERT OR REPLACE INTO withheld ({Columns}, data)
            SELECT {Columns}, coalesce(data, x'') FROM linktree NOT INDEXED LEFT JOIN linktree_data USING (row)
            WHERE row BETWEEN ?3 AND ?4 AND task = ?1 AND timestamp > ?2
            """);
        _deleteData = connection.Prepare("DELETE FROM linktree_data WHERE row IN (SELECT row FROM withheld WHERE task = ?1)");
        _deleteStored = connection.Prepare("DELETE FROM linktree WHERE task = ?1 AND timestamp > ?2");
        _findOther = connection.Prepare("SELECT 1 FROM linktree WHERE task <> ?1 OR timestamp <= ?2 LIMIT 1");
        _trimVersions = connection.Prepare(
            """
            DELETE FROM withheld WHERE row IN (
                SELECT row FROM (
                    SELECT row, row_number() OVER (PARTITION BY author, uuid ORDER BY timestamp DESC, id DESC) AS number
                    FROM withheld WHERE task = ?1)
                WHERE number > 1)
            """);
        _trimAuthors = connection.Prepare(
            """
            DELETE FROM withheld WHERE row IN (
                SELECT row FROM (
                    SELECT row, row_number() OVER (PARTITION BY author ORDER BY timestamp DESC, id DESC) AS number
                    FROM withheld WHERE task = ?1)
                WHERE number > ?2)
            """);
        _first = connection.Prepare("SELECT timestamp FROM withheld WHERE task = ?1 ORDER BY timestamp LIMIT 1");
        _due = connection.Prepare(
            $"SELECT {LinktreeColumns.Names}, data FROM withheld WHERE task = ?1 AND timestamp <= ?2 ORDER BY timestamp, id LIMIT ?3");
        _contains = connection.Prepare(
            "SELECT 1 FROM withheld WHERE task = ?1 AND substr(author, 1, 8) = substr(?2, 1, 8) AND author = ?2 AND uuid = ?3");
        _delete = connection.Prepare("DELETE FROM withheld WHERE row = ?1");
    }

    /// <summary>Withholds all stored records after a time; returns their number.</summary>
    internal long Withhold(long latestTimestamp)
    {
        _count.Bind(1, _task.Number).Bind(2, latestTimestamp).Step();
        var count = _count.GetInt64(0);
        _count.Reset();
        if (count == 0)
            return 0;

        _insert.Bind(1, _task.Number).Bind(2, latestTimestamp).Bind(3, _task.RowOf(0)).Bind(4, _task.LastRow).Execute();
        if (IsAnyOtherStored(latestTimestamp))
        {
            _deleteData.Bind(1, _task.Number).Execute();
            _deleteStored.Bind(1, _task.Number).Bind(2, latestTimestamp).Execute();
            return count;
        }

        // A clock at its first day, which withholds everything. Without a condition SQLite empties a table in no time.
        _connection.Execute("DELETE FROM linktree_data");
        _connection.Execute("DELETE FROM linktree");
        return count;
    }

    /// <summary>Keeps the newest version of each identity, and the newest identities of each author.</summary>
    internal void Trim(int linktreesPerAuthor)
    {
        _trimVersions.Bind(1, _task.Number).Execute();
        _trimAuthors.Bind(1, _task.Number).Bind(2, linktreesPerAuthor).Execute();
    }

    /// <summary>Gets the time of the oldest record, or <see langword="null"/> if none is withheld.</summary>
    internal long? FindFirstTimestamp()
    {
        if (!_first.Bind(1, _task.Number).Step())
            return null;
        var timestamp = _first.GetInt64(0);
        _first.Reset();
        return timestamp;
    }

    /// <summary>Reads the oldest rows up to a time. A row without a record is damaged.</summary>
    internal List<(long Row, long Size, SignedLinktree? Linktree)> ReadDue(long latestTimestamp, int limit)
    {
        var due = new List<(long, long, SignedLinktree?)>();
        _due.Bind(1, _task.Number).Bind(2, latestTimestamp).Bind(3, limit);
        while (_due.Step())
        {
            var columns = new LinktreeColumns(_due);
            due.Add((columns.Row, columns.Size, columns.TryRestore(_due.GetBlob(LinktreeColumns.Count))));
        }

        return due;
    }

    internal bool Contains(LinktreeKey key)
    {
        Span<byte> buffer = stackalloc byte[UuidBytes.MaxLength];
        var contains = _contains.Bind(1, _task.Number).Bind(2, key.Author.AsSpan()).Bind(3, UuidBytes.Encode(key.Uuid, buffer)).Step();
        _contains.Reset();
        return contains;
    }

    internal void Delete(long row) => _delete.Bind(1, row).Execute();

    private bool IsAnyOtherStored(long latestTimestamp)
    {
        var isFound = _findOther.Bind(1, _task.Number).Bind(2, latestTimestamp).Step();
        _findOther.Reset();
        return isFound;
    }
}
