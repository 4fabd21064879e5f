using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>Reads a task's records and changes on one connection. Each read returns one state of the database.</summary>
internal sealed class StoreReader : IDisposable
{
    internal const string VersionSql =
        """
        SELECT row, timestamp, id FROM linktree
        WHERE task = ?1 AND substr(author, 1, 8) = substr(?2, 1, 8) AND uuid_hash = ?4 AND author = ?2 AND uuid = ?3
        """;

    internal const string ByIdSql = $"SELECT {Columns} FROM linktree WHERE task = ?1 AND substr(id, 1, 8) = substr(?2, 1, 8) AND id = ?2";

    // SQLite does not use the index for a comparison of both columns at once, because one is an expression. Records whose
    // ids begin with the same eight bytes are put in order by ListedRows.
    internal const string ListSql =
        $"""
        SELECT {Columns} FROM linktree INDEXED BY linktree_by_time
        WHERE task = ?1 AND timestamp > ?2 AND tombstone <= ?3 ORDER BY timestamp, substr(id, 1, 8)
        """;

    internal const string ListSameTimeSql =
        $"""
        SELECT {Columns} FROM linktree INDEXED BY linktree_by_time
        WHERE task = ?1 AND timestamp = ?2 AND tombstone <= ?3 AND substr(id, 1, 8) >= substr(?4, 1, 8) AND id > ?4 ORDER BY substr(id, 1, 8)
        """;

    private const string Columns = "row, timestamp, id, author, signature, size";

    private readonly StoreConnection _connection;
    private readonly TaskRow _task;
    private readonly SqliteStatement _begin, _version, _byId, _data, _list, _listSameTime, _listAuthor;
    private readonly ChangeReader _changes;

    internal StoreReader(StoreConnection connection, TaskRow task)
    {
        _connection = connection;
        _task = task;
        _begin = connection.Prepare("BEGIN");
        _version = connection.Prepare(VersionSql);
        _byId = connection.Prepare(ByIdSql);
        _data = connection.Prepare("SELECT data FROM linktree_data WHERE row = ?1");
        _list = connection.Prepare(ListSql);
        _listSameTime = connection.Prepare(ListSameTimeSql);
        _listAuthor = connection.Prepare(
            $"""
            SELECT {Columns} FROM linktree INDEXED BY linktree_by_key
            WHERE task = ?1 AND substr(author, 1, 8) = substr(?4, 1, 8) AND author = ?4 AND timestamp >= ?2 AND tombstone <= ?3
            """);
        _changes = new ChangeReader(connection, task);
    }

    internal LinktreeVersion?[] GetVersions(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken)
    {
        var versions = new LinktreeVersion?[keys.Count];
        Span<byte> buffer = stackalloc byte[UuidBytes.MaxLength];
        _begin.Execute();
        for (var i = 0; i < versions.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!UuidBytes.TryEncode(keys[i].Uuid, buffer, out var length))
                continue;
            var uuid = buffer[..length];
            if (_version.Bind(1, _task.Number).Bind(2, keys[i].Author.AsSpan()).Bind(3, uuid).Bind(4, _task.HashOf(uuid)).Step())
            {
                versions[i] = new LinktreeVersion(_version.GetInt64(1), new LinktreeId(_version.GetBlob(2)));
                _version.Reset();
            }
        }

        _connection.Commit();
        return versions;
    }

    internal List<SignedLinktree> Get(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken)
    {
        var linktrees = new List<SignedLinktree>(ids.Count);
        var seen = new HashSet<LinktreeId>(ids.Count);
        _begin.Execute();
        foreach (var id in ids)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (seen.Add(id) && _byId.Bind(1, _task.Number).Bind(2, id.AsSpan()).Step())
            {
                linktrees.Add(Read(ListedRow.Read(_byId)));
                _byId.Reset();
            }
        }

        _connection.Commit();
        return linktrees;
    }

    internal LinktreePage List(LinktreeQuery query, CancellationToken cancellationToken)
    {
        _begin.Execute();
        var rows = query.Author is { } author ? ListAuthor(query, author, cancellationToken) : ListAll(query, cancellationToken);
        var count = rows.CountOfPage;
        var linktrees = new List<SignedLinktree>(count);
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            linktrees.Add(Read(rows[i]));
        }

        _connection.Commit();
        return new LinktreePage(linktrees, count < rows.Count ? linktrees[^1].Version : null);
    }

    internal ChangePage ReadChanges(ChangePosition after, int limit, CancellationToken cancellationToken)
    {
        _begin.Execute();
        var page = _changes.Read(after, limit, cancellationToken);
        _connection.Commit();
        return page;
    }

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

    private static void AddRows(ListedRows rows, SqliteStatement statement, CancellationToken cancellationToken)
    {
        while (statement.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Add(ListedRow.Read(statement));
            if (rows.IsComplete)
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
            var row = ListedRow.Read(_listAuthor);
            if (query.After is not { } after || row.Version > after)
                ofAuthor.Add(row);
        }

        ofAuthor.Sort(static (left, right) => left.Version.CompareTo(right.Version));
        var rows = new ListedRows(query.Limit);
        for (var i = 0; i < ofAuthor.Count && !rows.IsComplete; i++)
            rows.Add(ofAuthor[i]);
        return rows;
    }

    private SqliteStatement BindQuery(SqliteStatement statement, LinktreeQuery query) =>
        statement.Bind(1, _task.Number).Bind(2, query.After?.Timestamp ?? -1).Bind(3, query.IncludeTombstones ? 1 : 0);

    private SignedLinktree Read(in ListedRow row)
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

        if (linktree is not null && linktree.Timestamp == row.Version.Timestamp)
            return linktree;
        throw new LinktreeStoreException("The database is damaged: a stored record does not match its id. " + SqliteErrors.WhatToDoWithDamage);
    }
}
