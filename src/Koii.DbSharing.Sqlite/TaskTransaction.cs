using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// The statements that read and change a task's rows between <see cref="Begin"/> and <see cref="Commit"/>. Each change
/// of a row updates the number of records and is appended to the change feed.
/// </summary>
internal sealed class TaskTransaction
{
    private readonly StoreConnection _connection;
    private readonly long _task;
    private readonly SqliteStoreSettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly SqliteStatement _begin, _readTask, _writeTask, _appendChange, _appendEviction, _trimByCount, _trimByAge;
    private readonly SqliteStatement _find, _countAuthor, _listAuthor, _listAfter, _insert, _update, _delete;

    private long _changes, _linktreesPerAuthor, _now;
    private bool _isChanged;

    internal TaskTransaction(StoreConnection connection, long task, SqliteStoreSettings settings, TimeProvider timeProvider)
    {
        _connection = connection;
        _task = task;
        _settings = settings;
        _timeProvider = timeProvider;

        // IMMEDIATE: a transaction that began as a reader could fail to become a writer after it has done some of its
        // work.
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _readTask = connection.Prepare("SELECT records, changes, per_author FROM task WHERE task = ?1");
        _writeTask = connection.Prepare("UPDATE task SET records = ?2, changes = ?3, per_author = ?4 WHERE task = ?1");
        _find = connection.Prepare("SELECT row, timestamp, id FROM linktree WHERE task = ?1 AND author = ?2 AND uuid = ?3");
        _countAuthor = connection.Prepare("SELECT count(*) FROM linktree INDEXED BY linktree_by_key WHERE task = ?1 AND author = ?2");
        _listAuthor = connection.Prepare("SELECT row, timestamp, id FROM linktree INDEXED BY linktree_by_key WHERE task = ?1 AND author = ?2");
        _listAfter = connection.Prepare("SELECT row, timestamp, id FROM linktree WHERE task = ?1 AND timestamp > ?2 LIMIT ?3");
        _insert = connection.Prepare(
            """
            INSERT INTO linktree (task, author, uuid, timestamp, id, tombstone, signature, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """);
        _update = connection.Prepare("UPDATE linktree SET timestamp = ?4, id = ?5, tombstone = ?6, signature = ?7, data = ?8 WHERE row = ?1");
        _delete = connection.Prepare("DELETE FROM linktree WHERE row = ?1");
        _appendChange = connection.Prepare("INSERT INTO change VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
        _appendEviction = connection.Prepare(
            "INSERT INTO change SELECT task, ?2, ?3, author, uuid, NULL, NULL, timestamp, id, ?4 FROM linktree WHERE row = ?1");
        _trimByCount = connection.Prepare("DELETE FROM change WHERE task = ?1 AND number <= ?2");

        // Only changes before the first one that is young enough are read and deleted. Numbers have no gaps even if a
        // clock was set back.
        _trimByAge = connection.Prepare(
            """
            DELETE FROM change WHERE task = ?1
            AND number < coalesce((SELECT number FROM change WHERE task = ?1 AND at >= ?2 ORDER BY number LIMIT 1), 9223372036854775807)
            """);
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

    internal void Commit()
    {
        if (_isChanged)
        {
            _writeTask.Bind(1, _task).Bind(2, Records).Bind(3, _changes).Bind(4, _linktreesPerAuthor).Execute();
            TrimChanges();
        }

        _connection.Commit();
    }

    /// <summary>Deletes the changes beyond the number and the age that the feed retains.</summary>
    internal void TrimChanges()
    {
        if (_changes > _settings.MaxRetainedChanges)
            _trimByCount.Bind(1, _task).Bind(2, _changes - _settings.MaxRetainedChanges).Execute();
        _trimByAge.Bind(1, _task).Bind(2, _now - (long)_settings.ChangeRetention.TotalMilliseconds).Execute();
    }

    internal bool TryFind(LinktreeKey key, out LinktreeRow stored)
    {
        var isFound = _find.Bind(1, _task).Bind(2, key.Author.AsSpan()).BindUuid(3, key.Uuid).Step();
        stored = isFound ? ReadRow(_find) : default;
        if (isFound)
            _find.Reset();
        return isFound;
    }

    internal int CountOf(PublicKey author)
    {
        _countAuthor.Bind(1, _task).Bind(2, author.AsSpan()).Step();
        var count = (int)_countAuthor.GetInt64(0);
        _countAuthor.Reset();
        return count;
    }

    /// <summary>Returns an author's rows in no particular order.</summary>
    internal List<LinktreeRow> RowsOf(PublicKey author) => ReadRows(_listAuthor.Bind(1, _task).Bind(2, author.AsSpan()));

    /// <summary>Returns rows with a greater timestamp, up to a number.</summary>
    internal List<LinktreeRow> RowsAfter(long timestamp, int limit) => ReadRows(_listAfter.Bind(1, _task).Bind(2, timestamp).Bind(3, limit));

    internal List<PublicKey> AuthorsWithMoreThan(int linktrees)
    {
        var authors = new List<PublicKey>();
        var statement = _connection.Prepare(
            "SELECT author FROM linktree INDEXED BY linktree_by_key WHERE task = ?1 GROUP BY author HAVING count(*) > ?2");
        statement.Bind(1, _task).Bind(2, linktrees);
        while (statement.Step())
            authors.Add(new PublicKey(statement.GetBlob(0)));
        return authors;
    }

    internal LinktreeRow Insert(SignedLinktree linktree)
    {
        _insert.Bind(1, _task).Bind(2, linktree.Author.AsSpan()).BindUuid(3, linktree.Uuid);
        BindContent(_insert, linktree).Execute();
        Records++;
        AppendChange(LinktreeChangeKind.Inserted, linktree, null);
        return new LinktreeRow(_connection.LastInsertedRow, linktree.Version);
    }

    /// <summary>Replaces the stored version of an identity.</summary>
    internal LinktreeRow Replace(LinktreeRow stored, SignedLinktree linktree)
    {
        BindContent(_update.Bind(1, stored.Row), linktree).Execute();
        AppendChange(LinktreeChangeKind.Replaced, linktree, stored.Version);
        return stored with { Version = linktree.Version };
    }

    internal void Evict(LinktreeRow stored)
    {
        _isChanged = true;
        _appendEviction.Bind(1, stored.Row).Bind(2, ++_changes).Bind(3, (long)LinktreeChangeKind.Evicted).Bind(4, _now).Execute();
        _delete.Bind(1, stored.Row).Execute();
        Records--;
    }

    private void ReadTask()
    {
        _isChanged = false;
        _now = _timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

        // Read in each transaction: another process may have written since the last one.
        if (!_readTask.Bind(1, _task).Step())
        {
            throw new LinktreeStoreException(
                $"The database '{_settings.Path}' has lost the row of its task: another program changed it, or it is damaged.");
        }

        (Records, _changes, _linktreesPerAuthor) = (_readTask.GetInt64(0), _readTask.GetInt64(1), _readTask.GetInt64(2));
        _readTask.Reset();
    }

    private void AppendChange(LinktreeChangeKind kind, SignedLinktree added, LinktreeVersion? removed)
    {
        _isChanged = true;
        _appendChange
            .Bind(1, _task).Bind(2, ++_changes).Bind(3, (long)(added.IsTombstone ? LinktreeChangeKind.Deleted : kind))
            .Bind(4, added.Author.AsSpan()).BindUuid(5, added.Uuid).Bind(6, added.Timestamp).Bind(7, added.Id.AsSpan());
        if (removed is { } version)
            _appendChange.Bind(8, version.Timestamp).Bind(9, version.Id.AsSpan());
        else
            _appendChange.BindNull(8).BindNull(9);
        _appendChange.Bind(10, _now).Execute();
    }

    private static SqliteStatement BindContent(SqliteStatement statement, SignedLinktree linktree) => statement
        .Bind(4, linktree.Timestamp).Bind(5, linktree.Id.AsSpan()).Bind(6, linktree.IsTombstone ? 1 : 0)
        .Bind(7, linktree.Signature.AsSpan()).Bind(8, linktree.Data.Span);

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
