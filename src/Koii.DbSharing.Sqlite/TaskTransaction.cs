using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// What a writer can do to a task's rows, between <see cref="Begin"/> and <see cref="Commit"/>. Each step keeps the count and writes its change to the feed.
/// </summary>
internal sealed class TaskTransaction
{
    private readonly LinktreeConnection _connection;
    private readonly long _task;
    private readonly SqliteStoreSettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly SqliteStatement _begin, _readTask, _writeTask, _trimByCount, _trimByAge, _appendChange;
    private readonly SqliteStatement _find, _countAuthor, _listAuthor, _listAfter, _readKey, _insert, _update, _delete;

    private long _records, _changes, _perAuthor, _now;
    private bool _isChanged;

    internal TaskTransaction(LinktreeConnection connection, long task, SqliteStoreSettings settings, TimeProvider timeProvider)
    {
        _connection = connection;
        _task = task;
        _settings = settings;
        _timeProvider = timeProvider;

        // IMMEDIATE: a transaction that began as a reader could be refused when it comes to write, with work already done.
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _readTask = connection.Prepare("SELECT records, changes, per_author FROM task WHERE task = ?1");
        _writeTask = connection.Prepare("UPDATE task SET records = ?2, changes = ?3, per_author = ?4 WHERE task = ?1");
        _find = connection.Prepare("SELECT row, timestamp, id FROM linktree WHERE task = ?1 AND author = ?2 AND uuid = ?3");
        _countAuthor = connection.Prepare("SELECT count(*) FROM linktree INDEXED BY linktree_by_key WHERE task = ?1 AND author = ?2");
        _listAuthor = connection.Prepare("SELECT row, timestamp, id FROM linktree INDEXED BY linktree_by_key WHERE task = ?1 AND author = ?2");
        _listAfter = connection.Prepare("SELECT row, timestamp, id FROM linktree WHERE task = ?1 AND timestamp > ?2 LIMIT ?3");
        _readKey = connection.Prepare("SELECT author, uuid FROM linktree WHERE row = ?1");
        _insert = connection.Prepare("INSERT INTO linktree (task, timestamp, id, author, uuid, tombstone, signature, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        _update = connection.Prepare("UPDATE linktree SET timestamp = ?2, id = ?3, tombstone = ?4, signature = ?5, data = ?6 WHERE row = ?1");
        _delete = connection.Prepare("DELETE FROM linktree WHERE row = ?1");
        _appendChange = connection.Prepare("INSERT INTO change VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
        _trimByCount = connection.Prepare("DELETE FROM change WHERE task = ?1 AND number <= ?2");

        // From the oldest on and not beyond the first that is young enough, so that what is looked at is what goes. Numbers have no gaps even where a clock was set back.
        _trimByAge = connection.Prepare(
            """
            DELETE FROM change WHERE task = ?1
            AND number < coalesce((SELECT number FROM change WHERE task = ?1 AND at >= ?2 ORDER BY number LIMIT 1), 9223372036854775807)
            """);
    }

    /// <summary>How many records the task has, this transaction's included.</summary>
    internal long Records => _records;

    /// <summary>The most records that an author may have. It is only ever a promise about what is stored, not a setting.</summary>
    internal long PerAuthor
    {
        get => _perAuthor;
        set
        {
            _isChanged |= _perAuthor != value;
            _perAuthor = value;
        }
    }

    /// <summary>Begins; waits on its thread for as long as the connection's time-out says.</summary>
    internal void Begin()
    {
        _begin.Execute();
        ReadTask();
    }

    /// <summary>Begins unless another connection is writing.</summary>
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
            _writeTask.Bind(1, _task).Bind(2, _records).Bind(3, _changes).Bind(4, _perAuthor).Execute();
            TrimChanges();
        }

        _connection.Commit();
    }

    /// <summary>Lets go of changes that are more or older than the feed keeps.</summary>
    internal void TrimChanges()
    {
        if (_changes > _settings.MaxRetainedChanges)
            _trimByCount.Bind(1, _task).Bind(2, _changes - _settings.MaxRetainedChanges).Execute();
        _trimByAge.Bind(1, _task).Bind(2, _now - (long)_settings.ChangeRetention.TotalMilliseconds).Execute();
    }

    internal bool TryFind(PublicKey author, ReadOnlySpan<byte> uuid, out LinktreeRow held)
    {
        var found = _find.Bind(1, _task).Bind(2, author.AsSpan()).Bind(3, uuid).Step();
        held = found ? new LinktreeRow(_find.GetInt64(0), new LinktreeVersion(_find.GetInt64(1), new LinktreeId(_find.GetBlob(2)))) : default;
        if (found)
            _find.Reset();
        return found;
    }

    internal int CountOf(PublicKey author)
    {
        _countAuthor.Bind(1, _task).Bind(2, author.AsSpan()).Step();
        var count = (int)_countAuthor.GetInt64(0);
        _countAuthor.Reset();
        return count;
    }

    /// <summary>An author's rows, in no particular order.</summary>
    internal List<LinktreeRow> RowsOf(PublicKey author)
    {
        var rows = new List<LinktreeRow>();
        _listAuthor.Bind(1, _task).Bind(2, author.AsSpan());
        while (_listAuthor.Step())
            rows.Add(new LinktreeRow(_listAuthor.GetInt64(0), new LinktreeVersion(_listAuthor.GetInt64(1), new LinktreeId(_listAuthor.GetBlob(2)))));
        return rows;
    }

    /// <summary>Rows with a timestamp beyond the given one, at most so many.</summary>
    internal List<LinktreeRow> RowsAfter(long timestamp, int limit)
    {
        var rows = new List<LinktreeRow>();
        _listAfter.Bind(1, _task).Bind(2, timestamp).Bind(3, limit);
        while (_listAfter.Step())
            rows.Add(new LinktreeRow(_listAfter.GetInt64(0), new LinktreeVersion(_listAfter.GetInt64(1), new LinktreeId(_listAfter.GetBlob(2)))));
        return rows;
    }

    internal LinktreeRow Insert(SignedLinktree linktree, ReadOnlySpan<byte> uuid)
    {
        _insert.Bind(1, _task).Bind(2, linktree.Timestamp).Bind(3, linktree.Id.AsSpan()).Bind(4, linktree.Author.AsSpan()).Bind(5, uuid)
            .Bind(6, linktree.IsTombstone ? 1 : 0).Bind(7, linktree.Signature.AsSpan()).Bind(8, linktree.Data.Span).Execute();
        _records++;
        AppendChange(linktree.IsTombstone ? LinktreeChangeKind.Deleted : LinktreeChangeKind.Inserted, linktree.Author.AsSpan(), uuid, linktree.Version, null);
        return new LinktreeRow(_connection.LastInsertedRow, linktree.Version);
    }

    /// <summary>Puts a newer version of the identity in the place of the one held.</summary>
    internal LinktreeRow Replace(LinktreeRow held, SignedLinktree linktree, ReadOnlySpan<byte> uuid)
    {
        _update.Bind(1, held.Row).Bind(2, linktree.Timestamp).Bind(3, linktree.Id.AsSpan())
            .Bind(4, linktree.IsTombstone ? 1 : 0).Bind(5, linktree.Signature.AsSpan()).Bind(6, linktree.Data.Span).Execute();
        AppendChange(linktree.IsTombstone ? LinktreeChangeKind.Deleted : LinktreeChangeKind.Replaced, linktree.Author.AsSpan(), uuid, linktree.Version, held.Version);
        return held with { Version = linktree.Version };
    }

    internal void Evict(LinktreeRow held)
    {
        _readKey.Bind(1, held.Row).Step();
        AppendChange(LinktreeChangeKind.Evicted, _readKey.GetBlob(0), _readKey.GetBlob(1), null, held.Version);
        _readKey.Reset();
        _delete.Bind(1, held.Row).Execute();
        _records--;
    }

    private void ReadTask()
    {
        _isChanged = false;
        _now = _timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

        // Read again each time: another process may have written meanwhile.
        if (!_readTask.Bind(1, _task).Step())
            throw new LinktreeStoreException("The database has lost the row of its task: it was changed by something else, or is damaged.");
        (_records, _changes, _perAuthor) = (_readTask.GetInt64(0), _readTask.GetInt64(1), _readTask.GetInt64(2));
        _readTask.Reset();
    }

    private void AppendChange(LinktreeChangeKind kind, ReadOnlySpan<byte> author, ReadOnlySpan<byte> uuid, LinktreeVersion? added, LinktreeVersion? removed)
    {
        _isChanged = true;
        _appendChange.Bind(1, _task).Bind(2, ++_changes).Bind(3, (long)kind).Bind(4, author).Bind(5, uuid);
        BindVersion(6, added);
        BindVersion(8, removed);
        _appendChange.Bind(10, _now);
        _appendChange.Execute();
    }

    private void BindVersion(int parameter, LinktreeVersion? version)
    {
        if (version is { } value)
            _appendChange.Bind(parameter, value.Timestamp).Bind(parameter + 1, value.Id.AsSpan());
        else
            _appendChange.BindNull(parameter).BindNull(parameter + 1);
    }
}
