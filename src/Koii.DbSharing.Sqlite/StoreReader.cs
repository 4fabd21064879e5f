using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>Reads a task's records and changes on one connection. Each read returns one state of the database.</summary>
internal sealed class StoreReader : IDisposable
{
    internal const string VersionSql =
        $"""
        SELECT {LinktreeColumns.Names} FROM linktree
        WHERE task = ?1 AND substr(author, 1, 8) = substr(?2, 1, 8) AND uuid_hash = ?4 AND author = ?2 AND uuid = ?3
        """;

    internal const string ByIdSql = $"SELECT {LinktreeColumns.Names} FROM linktree WHERE task = ?1 AND substr(id, 1, 8) = substr(?2, 1, 8) AND id = ?2";

    // SQLite does not use the index for a comparison of both columns at once, because one is an expression. Records whose
    // ids begin with the same eight bytes are put in order by ListedRows.
    internal const string ListSql =
        $"""
        SELECT {LinktreeColumns.Names} FROM linktree INDEXED BY linktree_by_time
        WHERE task = ?1 AND timestamp > ?2 AND tombstone <= ?3 ORDER BY timestamp, substr(id, 1, 8)
        """;

    internal const string ListSameTimeSql =
        $"""
        SELECT {LinktreeColumns.Names} FROM linktree INDEXED BY linktree_by_time
        WHERE task = ?1 AND timestamp = ?2 AND tombstone <= ?3 AND substr(id, 1, 8) >= substr(?4, 1, 8) AND id > ?4 ORDER BY substr(id, 1, 8)
        """;

    /// <summary>A read ends when it has met so many damaged rows, so that it does not read a whole damaged database.</summary>
    private const int MaxDamaged = 1000;

    private readonly StoreConnection _connection;
    private readonly TaskRow _task;
    private readonly SqliteStatement _begin, _nextDue, _version, _byId, _data, _list, _listSameTime, _listAuthor;
    private readonly ChangeReader _changes;
    private readonly List<long> _damaged = [];
    private RowCheck? _check;
    private bool _isDamageAbsence;

    internal StoreReader(StoreConnection connection, TaskRow task)
    {
        _connection = connection;
        _task = task;
        _begin = connection.Prepare("BEGIN");
        _nextDue = connection.Prepare("SELECT next_due FROM task WHERE task = ?1 AND next_due <= ?2");
        _version = connection.Prepare(VersionSql);
        _byId = connection.Prepare(ByIdSql);
        _data = connection.Prepare("SELECT data FROM linktree_data WHERE row = ?1");
        _list = connection.Prepare(ListSql);
        _listSameTime = connection.Prepare(ListSameTimeSql);
        _listAuthor = connection.Prepare(
            $"""
            SELECT {LinktreeColumns.Names} FROM linktree INDEXED BY linktree_by_key
            WHERE task = ?1 AND substr(author, 1, 8) = substr(?4, 1, 8) AND author = ?4 AND timestamp >= ?2 AND tombstone <= ?3
            """);
        _changes = new ChangeReader(connection, task, _damaged);
    }

    /// <summary>Checks rows instead of returning them.</summary>
    internal RowCheck Check => _check ??= new RowCheck(_connection, _task);

    /// <summary>Reads one state of the database.</summary>
    /// <param name="read">Calls methods of this reader.</param>
    /// <param name="now">The time at which withheld records must have been moved back, in milliseconds since the Unix epoch.</param>
    /// <exception cref="RowsToMoveException">The writer has to move rows.</exception>
    internal T Read<T>(Func<StoreReader, T> read, long now)
    {
        _damaged.Clear();
        _isDamageAbsence = false;
        _begin.Execute();
        if (_nextDue.Bind(1, _task.Number).Bind(2, now).Step())
            throw new RowsToMoveException([], isDamageAbsence: true);
        var result = read(this);
        if (_damaged.Count > 0)
            throw new RowsToMoveException([.. _damaged], _isDamageAbsence);
        _connection.Commit();
        return result;
    }

    internal LinktreeVersion?[] GetVersions(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken)
    {
        var versions = new LinktreeVersion?[keys.Count];
        Span<byte> buffer = stackalloc byte[UuidBytes.MaxLength];
        _isDamageAbsence = true;
        for (var i = 0; i < versions.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!UuidBytes.TryEncode(keys[i].Uuid, buffer, out var length))
                continue;
            var uuid = buffer[..length];
            if (_version.Bind(1, _task.Number).Bind(2, keys[i].Author.AsSpan()).Bind(3, uuid).Bind(4, _task.HashOf(uuid)).Step())
            {
                if (TryRead(_version, out var row))
                    versions[i] = row.Version;
                _version.Reset();
            }
        }

        return versions;
    }

    internal List<SignedLinktree> Get(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken)
    {
        var linktrees = new List<SignedLinktree>(ids.Count);
        var seen = new HashSet<LinktreeId>(ids.Count);
        foreach (var id in ids)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (seen.Add(id) && _byId.Bind(1, _task.Number).Bind(2, id.AsSpan()).Step())
            {
                if (TryRead(_byId, out var row) && Read(row) is { } linktree)
                    linktrees.Add(linktree);
                _byId.Reset();
            }
        }

        return linktrees;
    }

    internal LinktreePage List(LinktreeQuery query, CancellationToken cancellationToken)
    {
        var rows = query.Author is { } author ? ListAuthor(query, author, cancellationToken) : ListAll(query, cancellationToken);
        var count = rows.CountOfPage;
        var linktrees = new List<SignedLinktree>(count);
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Read(rows[i]) is { } linktree)
                linktrees.Add(linktree);
        }

        return new LinktreePage(linktrees, count < rows.Count ? rows[count - 1].Version : null);
    }

    internal ChangePage ReadChanges(ChangePosition after, int limit, CancellationToken cancellationToken) =>
        _changes.Read(after, limit, cancellationToken);

    /// <summary>
    /// Prepares the reader for the next read after an exception; returns <see langword="false"/> if it is no longer
    /// usable.
    /// </summary>
    internal bool TryRecover() => _connection.TryRollBack();

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private ListedRows ListAll(LinktreeQuery query, CancellationToken cancellationToken)
    {
        var rows = new ListedRows(query.Limit);
        if (query.After is { } after)
            AddRows(rows, BindQuery(_listSameTime, query).Bind(4, after.Id.AsSpan()), cancellationToken);
        if (!rows.IsComplete)
            AddRows(rows, BindQuery(_list, query), cancellationToken);
        return rows;
    }

    private void AddRows(ListedRows rows, SqliteStatement statement, CancellationToken cancellationToken)
    {
        while (statement.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryRead(statement, out var row))
                rows.Add(row);
            if (rows.IsComplete || _damaged.Count >= MaxDamaged)
            {
                statement.Reset();
                return;
            }
        }
    }

    /// <summary>No index has the records of an author in the order of the list.</summary>
    private ListedRows ListAuthor(LinktreeQuery query, PublicKey author, CancellationToken cancellationToken)
    {
        var ofAuthor = new List<ListedRow>();
        BindQuery(_listAuthor, query).Bind(4, author.AsSpan());
        while (_listAuthor.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryRead(_listAuthor, out var row) && (query.After is not { } after || row.Version > after))
                ofAuthor.Add(row);
        }

        ofAuthor.Sort(static (left, right) => left.Version.CompareTo(right.Version));
        var rows = new ListedRows(query.Limit);
        for (var i = 0; i < ofAuthor.Count && !rows.IsComplete; i++)
            rows.Add(ofAuthor[i]);
        return rows;
    }

    // Without a start and with tombstones, all values are read, so that damaged ones are found.
    private SqliteStatement BindQuery(SqliteStatement statement, LinktreeQuery query) => statement
        .Bind(1, _task.Number)
        .Bind(2, query.After?.Timestamp ?? long.MinValue)
        .Bind(3, query.IncludeTombstones ? long.MaxValue : 0);

    /// <summary>Reads the columns of a row, unless they are damaged.</summary>
    private bool TryRead(SqliteStatement statement, out ListedRow row)
    {
        var columns = new LinktreeColumns(statement);
        var isIntact = columns.AreIntact;
        row = isIntact ? ListedRow.From(columns) : default;
        if (!isIntact)
            _damaged.Add(columns.Row);
        return isIntact;
    }

    /// <summary>Reads a record, or <see langword="null"/> if its data is damaged.</summary>
    private SignedLinktree? Read(in ListedRow row)
    {
        // The id is computed from the data that was read, so a record that has changed on the disk is never served.
        SignedLinktree? linktree = null;
        if (_data.Bind(1, row.Row).Step())
        {
            var data = _data.GetBlob(0);
            if (data.Length == row.Size)
                _ = SignedLinktree.TryRestore(row.Author, row.Signature, data, row.Version.Id, out linktree);
            _data.Reset();
        }

        if (linktree is null)
            _damaged.Add(row.Row);
        return linktree;
    }
}
