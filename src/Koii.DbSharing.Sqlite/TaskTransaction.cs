using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// The statements that read and change a task's rows between <see cref="Begin"/> and <see cref="Commit"/>. Each change
/// has a number, which becomes the row of what it adds or removes.
/// </summary>
internal sealed class TaskTransaction
{
    internal const string CountPrefixSql =
        "SELECT count(*) FROM linktree INDEXED BY linktree_by_key WHERE task = ?1 AND substr(author, 1, 8) = substr(?2, 1, 8)";

    private readonly StoreConnection _connection;
    private readonly TaskRow _task;
    private readonly SqliteStoreSettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly SqliteStatement _begin, _readTask, _writeTask;
    private readonly SqliteStatement _find, _countPrefix, _listAuthor, _listAfter, _insert, _insertData, _delete, _deleteData;
    private readonly SqliteStatement _insertRemoval, _firstYoungRemoval, _lastRemoval, _trim;

    private long _changes, _trimmed, _linktreesPerAuthor, _now;
    private bool _isChanged;

    internal TaskTransaction(StoreConnection connection, TaskRow task, SqliteStoreSettings settings, TimeProvider timeProvider)
    {
        _connection = connection;
        _task = task;
        _settings = settings;
        _timeProvider = timeProvider;

        // IMMEDIATE: a transaction that began as a reader could fail to become a writer after it has done some of its
        // work.
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _readTask = connection.Prepare("SELECT records, changes, trimmed, per_author FROM task WHERE task = ?1");
        _writeTask = connection.Prepare("UPDATE task SET records = ?2, changes = ?3, trimmed = ?4, per_author = ?5 WHERE task = ?1");
        _find = connection.Prepare(StoreReader.VersionSql);
        _countPrefix = connection.Prepare(CountPrefixSql);
        _listAuthor = connection.Prepare(
            """
            SELECT row, timestamp, id FROM linktree INDEXED BY linktree_by_key
            WHERE task = ?1 AND substr(author, 1, 8) = substr(?2, 1, 8) AND author = ?2
            """);
        _listAfter = connection.Prepare(
            "SELECT row, timestamp, id FROM linktree INDEXED BY linktree_by_time WHERE task = ?1 AND timestamp > ?2 LIMIT ?3");
        _insert = connection.Prepare(
            """
            INSERT INTO linktree (row, task, author, uuid, uuid_hash, timestamp, id, tombstone, size, checksum, signature)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """);
        _insertData = connection.Prepare("INSERT INTO linktree_data (row, data) VALUES (?1, ?2)");
        _delete = connection.Prepare("DELETE FROM linktree WHERE row = ?1");
        _deleteData = connection.Prepare("DELETE FROM linktree_data WHERE row = ?1");
        _insertRemoval = connection.Prepare(
            """
            INSERT INTO removal (row, added, at, author, uuid, timestamp, id, tombstone)
            SELECT ?2, row, ?3, author, uuid, timestamp, id, tombstone FROM linktree WHERE row = ?1
            """);

        // Only removals before the first one that is young enough are read, in the order of their numbers, even if a
        // clock was set back.
        _firstYoungRemoval = connection.Prepare("SELECT row FROM removal WHERE row BETWEEN ?1 AND ?2 AND at >= ?3 ORDER BY row LIMIT 1");
        _lastRemoval = connection.Prepare("SELECT row FROM removal WHERE row BETWEEN ?1 AND ?2 ORDER BY row DESC LIMIT 1");
        _trim = connection.Prepare("DELETE FROM removal WHERE row BETWEEN ?1 AND ?2");
    }

    /// <summary>The number of the task's records, including the changes of this transaction.</summary>
    internal long Records { get; private set; }

    /// <summary>An upper bound of what an author has stored. It describes the rows and is not a setting.</summary>
    internal long LinktreesPerAuthor
    {
        get => _linktreesPerAuthor;
        set
        {
            _isChanged |= _linktreesPerAuthor != value;
            _linktreesPerAuthor = value;
        }
    }

    /// <summary>Begins; waits on the calling thread for as long as the time-out of the connection.</summary>
    internal void Begin()
    {
        _begin.Execute();
        ReadTask();
    }

    /// <summary>Begins; returns <see langword="false"/> while another connection writes.</summary>
    internal bool TryBegin()
    {
        if (!_begin.TryExecute())
            return false;
        ReadTask();
        return true;
    }

    /// <summary>Trims what the feed no longer retains, and commits.</summary>
    internal void Commit()
    {
        if (_isChanged)
        {
            TrimRemovals();
            _writeTask.Bind(1, _task.Number).Bind(2, Records).Bind(3, _changes).Bind(4, _trimmed).Bind(5, _linktreesPerAuthor).Execute();
        }

        _connection.Commit();
    }

    internal bool TryFind(LinktreeKey key, out LinktreeRow stored)
    {
        Span<byte> buffer = stackalloc byte[UuidBytes.MaxLength];
        var uuid = UuidBytes.Encode(key.Uuid, buffer);
        var isFound = _find.Bind(1, _task.Number).Bind(2, key.Author.AsSpan()).Bind(3, uuid).Bind(4, _task.HashOf(uuid)).Step();
        stored = isFound ? ReadRow(_find) : default;
        if (isFound)
            _find.Reset();
        return isFound;
    }

    /// <summary>
    /// Counts the rows of all authors whose keys begin as this one's: from the index alone, without reading the rows.
    /// </summary>
    internal int CountWithPrefixOf(PublicKey author)
    {
        _countPrefix.Bind(1, _task.Number).Bind(2, author.AsSpan()).Step();
        var count = (int)_countPrefix.GetInt64(0);
        _countPrefix.Reset();
        return count;
    }

    /// <summary>Returns an author's rows in no particular order.</summary>
    internal List<LinktreeRow> RowsOf(PublicKey author) => ReadRows(_listAuthor.Bind(1, _task.Number).Bind(2, author.AsSpan()));

    /// <summary>Returns rows with a greater timestamp, up to a number.</summary>
    internal List<LinktreeRow> RowsAfter(long timestamp, int limit) =>
        ReadRows(_listAfter.Bind(1, _task.Number).Bind(2, timestamp).Bind(3, limit));

    internal List<PublicKey> AuthorsWithMoreThan(int linktrees)
    {
        var authors = new List<PublicKey>();
        var statement = _connection.Prepare("SELECT author FROM linktree WHERE task = ?1 GROUP BY author HAVING count(*) > ?2");
        statement.Bind(1, _task.Number).Bind(2, linktrees);
        while (statement.Step())
            authors.Add(new PublicKey(statement.GetBlob(0)));
        return authors;
    }

    /// <summary>Adds a record whose identity is not stored.</summary>
    internal LinktreeRow Insert(SignedLinktree linktree) => Insert(linktree, NextRow());

    /// <summary>Replaces the stored version of an identity.</summary>
    internal LinktreeRow Replace(LinktreeRow stored, SignedLinktree linktree)
    {
        var row = NextRow();
        Remove(stored, row);
        return Insert(linktree, row);
    }

    internal void Evict(LinktreeRow stored) => Remove(stored, NextRow());

    private void ReadTask()
    {
        _isChanged = false;
        _now = _timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

        // Read in each transaction: another process may have written since the last one.
        if (!_readTask.Bind(1, _task.Number).Step())
        {
            throw new LinktreeStoreException(
                $"The database '{_settings.Path}' has lost the row of its task: another program changed it, or it is damaged.");
        }

        (Records, _changes) = (_readTask.GetInt64(0), _readTask.GetInt64(1));
        (_trimmed, _linktreesPerAuthor) = (_readTask.GetInt64(2), _readTask.GetInt64(3));
        _readTask.Reset();
    }

    private long NextRow()
    {
        _isChanged = true;
        return _task.RowOf(++_changes);
    }

    private LinktreeRow Insert(SignedLinktree linktree, long row)
    {
        Span<byte> buffer = stackalloc byte[UuidBytes.MaxLength];
        var uuid = UuidBytes.Encode(linktree.Uuid, buffer);
        _insert
            .Bind(1, row).Bind(2, _task.Number).Bind(3, linktree.Author.AsSpan()).Bind(4, uuid).Bind(5, _task.HashOf(uuid))
            .Bind(6, linktree.Timestamp).Bind(7, linktree.Id.AsSpan()).Bind(8, linktree.IsTombstone ? 1 : 0)
            .Bind(9, linktree.Data.Length).Bind(10, LinktreeChecksum.Compute(linktree)).Bind(11, linktree.Signature.AsSpan())
            .Execute();
        _insertData.Bind(1, row).Bind(2, linktree.Data.Span).Execute();
        Records++;
        return new LinktreeRow(row, linktree.Version);
    }

    private void Remove(LinktreeRow stored, long removal)
    {
        _insertRemoval.Bind(1, stored.Row).Bind(2, removal).Bind(3, _now).Execute();
        _delete.Bind(1, stored.Row).Execute();
        _deleteData.Bind(1, stored.Row).Execute();
        Records--;
    }

    private void TrimRemovals()
    {
        var first = _task.RowOf(_trimmed + 1);
        var oldest = _now - (long)_settings.ChangeRetention.TotalMilliseconds;
        var last = _task.RowOf(_changes);
        if (TryReadRow(_firstYoungRemoval.Bind(1, first).Bind(2, last).Bind(3, oldest), out var young))
            last = Math.Max(young - 1, _task.RowOf(Math.Max(0, _changes - _settings.MaxRetainedChanges)));

        if (!TryReadRow(_lastRemoval.Bind(1, first).Bind(2, last), out last))
            return;
        _trim.Bind(1, first).Bind(2, last).Execute();
        _trimmed = TaskRow.ChangeOf(last);
    }

    private static bool TryReadRow(SqliteStatement statement, out long row)
    {
        var isFound = statement.Step();
        row = isFound ? statement.GetInt64(0) : 0;
        statement.Reset();
        return isFound;
    }

    private static List<LinktreeRow> ReadRows(SqliteStatement statement)
    {
        var rows = new List<LinktreeRow>();
        while (statement.Step())
            rows.Add(ReadRow(statement));
        return rows;
    }

    private static LinktreeRow ReadRow(SqliteStatement statement) =>
        new(statement.GetInt64(0), new LinktreeVersion(statement.GetInt64(1), new LinktreeId(statement.GetBlob(2))));
}

/// <summary>A stored record: its row and its version.</summary>
internal readonly record struct LinktreeRow(long Row, LinktreeVersion Version);
