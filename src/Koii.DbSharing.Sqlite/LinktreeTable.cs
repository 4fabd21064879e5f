using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>The statements of the writer on the stored records.</summary>
internal sealed class LinktreeTable
{
    internal const string CountPrefixSql =
        "SELECT count(*) FROM linktree INDEXED BY linktree_by_key WHERE task = ?1 AND substr(author, 1, 8) = substr(?2, 1, 8)";

    private readonly TaskRow _task;
    private readonly SqliteStatement _find, _countPrefix, _listAuthor, _insert, _insertData, _delete, _deleteData, _deleteOrphans;

    internal LinktreeTable(StoreConnection connection, TaskRow task)
    {
        _task = task;
        _find = connection.Prepare(StoreReader.VersionSql);
        _countPrefix = connection.Prepare(CountPrefixSql);
        _listAuthor = connection.Prepare(
            $"""
            SELECT {LinktreeColumns.Names} FROM linktree INDEXED BY linktree_by_key
            WHERE task = ?1 AND substr(author, 1, 8) = substr(?2, 1, 8) AND author = ?2
            """);
        _insert = connection.Prepare(
            """
            INSERT INTO linktree (row, task, author, uuid, uuid_hash, timestamp, id, tombstone, size, checksum, signature)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """);
        _insertData = connection.Prepare("INSERT INTO linktree_data (row, data) VALUES (?1, ?2)");
        _delete = connection.Prepare("DELETE FROM linktree WHERE row = ?1");
        _deleteData = connection.Prepare("DELETE FROM linktree_data WHERE row = ?1");
        _deleteOrphans = connection.Prepare(
            """
            DELETE FROM linktree_data AS d
            WHERE row BETWEEN ?1 AND ?2 AND NOT EXISTS (SELECT 1 FROM linktree l WHERE l.row = d.row) RETURNING row
            """);
    }

    /// <summary>Finds a row of an identity; of a row that is not intact, only its number is returned.</summary>
    internal bool TryFind(LinktreeKey key, out LinktreeRow stored, out bool isIntact)
    {
        Span<byte> buffer = stackalloc byte[UuidBytes.MaxLength];
        (stored, isIntact) = (default, false);
        if (!BindFind(key, buffer).Step())
            return false;
        var columns = new LinktreeColumns(_find);
        isIntact = columns.AreIntact;
        stored = isIntact ? LinktreeRow.From(columns) : new LinktreeRow(columns.Row, default, 0);
        _find.Reset();
        return true;
    }

    /// <summary>Finds all intact rows of an identity: more than one only where an index was damaged.</summary>
    internal List<LinktreeRow> FindAll(LinktreeKey key)
    {
        Span<byte> buffer = stackalloc byte[UuidBytes.MaxLength];
        return ReadIntact(BindFind(key, buffer), []);
    }

    /// <inheritdoc cref="TaskTransaction.CountWithPrefixOf"/>
    internal int CountWithPrefixOf(PublicKey author)
    {
        _countPrefix.Bind(1, _task.Number).Bind(2, author.AsSpan()).Step();
        var count = (int)_countPrefix.GetInt64(0);
        _countPrefix.Reset();
        return count;
    }

    /// <summary>Returns an author's intact rows in no particular order, and the numbers of the others.</summary>
    internal List<LinktreeRow> RowsOf(PublicKey author, out List<long> damaged) =>
        ReadIntact(_listAuthor.Bind(1, _task.Number).Bind(2, author.AsSpan()), damaged = []);

    internal void Insert(long row, SignedLinktree linktree)
    {
        Span<byte> buffer = stackalloc byte[UuidBytes.MaxLength];
        var uuid = UuidBytes.Encode(linktree.Uuid, buffer);
        _insert
            .Bind(1, row).Bind(2, _task.Number).Bind(3, linktree.Author.AsSpan()).Bind(4, uuid).Bind(5, _task.HashOf(uuid))
            .Bind(6, linktree.Timestamp).Bind(7, linktree.Id.AsSpan()).Bind(8, linktree.IsTombstone ? 1 : 0)
            .Bind(9, linktree.Data.Length).Bind(10, LinktreeChecksum.Compute(linktree)).Bind(11, linktree.Signature.AsSpan())
            .Execute();
        _insertData.Bind(1, row).Bind(2, linktree.Data.Span).Execute();
    }

    internal void Delete(long row)
    {
        _delete.Bind(1, row).Execute();
        _deleteData.Bind(1, row).Execute();
    }

    /// <summary>Deletes the data whose row was lost; returns how many rows of data there were.</summary>
    internal int DeleteDataWithoutRecord()
    {
        var deleted = 0;
        for (_deleteOrphans.Bind(1, _task.RowOf(0)).Bind(2, _task.LastRow); _deleteOrphans.Step(); deleted++)
        {
        }

        return deleted;
    }

    private SqliteStatement BindFind(LinktreeKey key, Span<byte> buffer)
    {
        var uuid = UuidBytes.Encode(key.Uuid, buffer);
        return _find.Bind(1, _task.Number).Bind(2, key.Author.AsSpan()).Bind(3, uuid).Bind(4, _task.HashOf(uuid));
    }

    private static List<LinktreeRow> ReadIntact(SqliteStatement statement, List<long> damaged)
    {
        var rows = new List<LinktreeRow>();
        while (statement.Step())
        {
            var columns = new LinktreeColumns(statement);
            if (columns.AreIntact)
                rows.Add(LinktreeRow.From(columns));
            else
                damaged.Add(columns.Row);
        }

        return rows;
    }
}
