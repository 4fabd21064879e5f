using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// The statements that read and change a task's rows between <see cref="Begin"/> and <see cref="Commit"/>. Each change
/// has a number, which becomes the row of what it adds or removes.
/// </summary>
internal sealed class TaskTransaction
{
    /// <summary>The time of the next withheld record where there is none.</summary>
    internal const long NeverDue = long.MaxValue;

    private readonly StoreConnection _connection;
    private readonly TaskRow _task;
    private readonly SqliteStoreSettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly SqliteStatement _begin, _readTask, _writeTask, _renewFeed, _count;
    private readonly LinktreeTable _linktrees;
    private readonly Removals _removals;

    private long _changes, _trimmed, _linktreesPerAuthor, _nextDue;
    private bool _isChanged, _isCountWrong, _isFeedRenewed;

    internal TaskTransaction(StoreConnection connection, TaskRow task, SqliteStoreSettings settings, TimeProvider timeProvider)
    {
        _connection = connection;
        _task = task;
        _settings = settings;
        _timeProvider = timeProvider;

        // IMMEDIATE: a transaction that began as a reader could fail to become a writer after it has done some of its
        // work.
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _readTask = connection.Prepare(
            $"SELECT records, bytes, changes, trimmed, per_author, coalesce(next_due, {NeverDue}) FROM task WHERE task = ?1");
        _writeTask = connection.Prepare(
            $"""
            UPDATE task SET records = ?2, bytes = ?3, changes = ?4, trimmed = ?5, per_author = ?6, next_due = nullif(?7, {NeverDue}), is_open = 1
            WHERE task = ?1
            """);
        _renewFeed = connection.Prepare("UPDATE task SET feed = randomblob(8) WHERE task = ?1");
        _count = connection.Prepare(
            """
            SELECT count(*), coalesce(sum(size), 0),
                (SELECT max(row) FROM (
                    SELECT max(row) AS row FROM linktree WHERE row BETWEEN ?2 AND ?3 UNION ALL
                    SELECT max(row) FROM removal WHERE row BETWEEN ?2 AND ?3))
            FROM (SELECT size FROM linktree WHERE row BETWEEN ?2 AND ?3 UNION ALL SELECT size FROM withheld WHERE task = ?1)
            """);
        _linktrees = new LinktreeTable(connection, task);
        _removals = new Removals(connection, task);
        Damaged = new DamagedRows(connection, task);
        Withheld = new WithheldRecords(connection, task);
    }

    /// <summary>Moves rows that are damaged.</summary>
    internal DamagedRows Damaged { get; }

    /// <summary>The records that are not due.</summary>
    internal WithheldRecords Withheld { get; }

    /// <summary>The task's records, withheld ones included, with the changes of this transaction.</summary>
    internal StoreSize Size { get; private set; }

    /// <summary>The time at which the transaction began, in milliseconds since the Unix epoch.</summary>
    internal long Now { get; private set; }

    /// <summary>The greatest timestamp of a record that is due.</summary>
    internal long LatestTimestamp => Now + (long)_settings.MaxClockSkew.TotalMilliseconds;

    /// <summary>Whether a withheld record is due.</summary>
    internal bool IsRecordDue => _nextDue <= Now;

    /// <summary>Whether records are withheld.</summary>
    internal bool HasWithheldRecords => _nextDue != NeverDue;

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
        if (_isCountWrong)
            Count();
        if (_isChanged)
        {
            var oldest = Now - (long)_settings.ChangeRetention.TotalMilliseconds;
            _trimmed = _removals.Trim(_trimmed, _changes, _settings.MaxRetainedChanges, oldest);
            _writeTask.Bind(1, _task.Number).Bind(2, Size.Records).Bind(3, Size.Bytes).Bind(4, _changes).Bind(5, _trimmed)
                .Bind(6, _linktreesPerAuthor).Bind(7, _nextDue).Execute();
        }

        if (_isFeedRenewed)
            _renewFeed.Bind(1, _task.Number).Execute();
        _connection.Commit();
    }

    /// <summary>Rolls back, and begins again unless another connection writes.</summary>
    internal bool TryBeginAgain() => _connection.TryRollBack() && TryBegin();

    /// <summary>
    /// Lets all readers of the feed start again, because records are gone that no removal reports, and counts what is left: the
    /// feed has a new name and the task its counts at the end of the transaction.
    /// </summary>
    internal void RestartFeed() => _isChanged = _isCountWrong = _isFeedRenewed = true;

    /// <summary>Moves those of the rows that are damaged (<see cref="DamagedRows.Move(IReadOnlyList{long}, long)"/>).</summary>
    /// <exception cref="LinktreeStoreException">The rows are intact, and indexes that were built again still lead to them in error.</exception>
    internal int MoveDamaged(IReadOnlyList<long> rows)
    {
        var wasRebuilt = Damaged.AreIndexesRebuilt;
        var moved = Damaged.Move(rows, Now);
        if (moved > 0)
            RestartFeed();
        else if (wasRebuilt)
            throw SqliteErrors.Damaged(_settings.Path, "an index differs from its table and cannot be built again");
        return moved;
    }

    /// <inheritdoc cref="LinktreeTable.DeleteDataWithoutRecord"/>
    internal int DeleteDataWithoutRecord() => _linktrees.DeleteDataWithoutRecord();

    /// <summary>Moves a withheld row that is damaged.</summary>
    internal void MoveDamagedWithheld(long row)
    {
        Damaged.MoveWithheld(row, Now);
        CountAgain();
    }

    /// <summary>Moves all rows of an identity but the newest; returns how many there were.</summary>
    internal int MoveOlderVersions(LinktreeKey key)
    {
        var rows = _linktrees.FindAll(key);
        foreach (var older in rows.OrderByDescending(row => row.Version).Skip(1))
            Damaged.Move(older.Row, "a newer version of its identity is stored as well", Now);
        if (rows.Count > 1)
            RestartFeed();
        return Math.Max(0, rows.Count - 1);
    }

    /// <summary>Counts the records, and corrects the numbers of changes, at the end of the transaction.</summary>
    internal void CountAgain() => _isChanged = _isCountWrong = true;

    /// <summary>Sets when the next withheld record is due.</summary>
    internal void UpdateNextDue()
    {
        var nextDue = Withheld.FindFirstTimestamp() - (LatestTimestamp - Now) ?? NeverDue;
        _isChanged |= nextDue != _nextDue;
        _nextDue = nextDue;
    }

    /// <summary>Deletes a withheld record, which is not a change for readers of the feed.</summary>
    internal void DeleteWithheld(long row, long size)
    {
        _isChanged = true;
        Withheld.Delete(row);
        Size = Size.Without(size);
    }

    /// <summary>Finds the record of an identity. A damaged row counts as none and is moved.</summary>
    internal bool TryFind(LinktreeKey key, out LinktreeRow stored)
    {
        while (_linktrees.TryFind(key, out stored, out var isIntact))
        {
            if (isIntact)
                return true;
            MoveDamaged([stored.Row]);
        }

        return false;
    }

    /// <summary>
    /// Counts the rows of all authors whose keys begin as this one's: from the index alone, without reading the rows.
    /// </summary>
    internal int CountWithPrefixOf(PublicKey author) => _linktrees.CountWithPrefixOf(author);

    /// <summary>Returns an author's rows in no particular order. Damaged rows are moved.</summary>
    internal List<LinktreeRow> RowsOf(PublicKey author)
    {
        var rows = _linktrees.RowsOf(author, out var damaged);
        if (damaged.Count > 0)
            MoveDamaged(damaged);
        return rows;
    }

    internal List<PublicKey> AuthorsWithMoreThan(int linktrees)
    {
        var authors = new List<PublicKey>();
        var statement = _connection.Prepare(
            "SELECT author FROM linktree WHERE task = ?1 GROUP BY author HAVING count(*) > ?2 AND length(author) = 32");
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
        _isChanged = _isCountWrong = _isFeedRenewed = false;
        Damaged.Clear();
        Now = _timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

        // Read in each transaction: another process may have written since the last one.
        if (!_readTask.Bind(1, _task.Number).Step())
            throw SqliteErrors.TaskRowMissing(_settings.Path);

        Size = new StoreSize(_readTask.GetInt64(0), _readTask.GetInt64(1));
        (_changes, _trimmed) = (_readTask.GetInt64(2), _readTask.GetInt64(3));
        (_linktreesPerAuthor, _nextDue) = (_readTask.GetInt64(4), _readTask.GetInt64(5));
        _readTask.Reset();
    }

    private void Count()
    {
        _count.Bind(1, _task.Number).Bind(2, _task.RowOf(0)).Bind(3, _task.LastRow).Step();
        Size = new StoreSize(_count.GetInt64(0), _count.GetInt64(1));
        _changes = Math.Max(_changes, TaskRow.ChangeOf(_count.GetInt64(2)));
        _count.Reset();
        if (_trimmed > _changes)
        {
            // Readers of the feed would start again for ever.
            _trimmed = _changes;
            _isFeedRenewed = true;
        }
    }

    private long NextRow()
    {
        _isChanged = true;
        return _task.RowOf(++_changes);
    }

    private LinktreeRow Insert(SignedLinktree linktree, long row)
    {
        _linktrees.Insert(row, linktree);
        Size = Size.With(linktree.Data.Length);
        return new LinktreeRow(row, linktree.Version, linktree.Data.Length);
    }

    private void Remove(LinktreeRow stored, long removal)
    {
        _removals.Add(stored.Row, removal, Now);
        _linktrees.Delete(stored.Row);
        Size = Size.Without(stored.Size);
    }
}
