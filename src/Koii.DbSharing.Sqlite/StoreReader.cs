using System.Globalization;
using System.Text;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>Reads a task's records and changes on one connection. Each read returns one state of the database.</summary>
internal sealed class StoreReader : IDisposable
{
    internal const string VersionSql = "SELECT timestamp, id FROM linktree WHERE task = ?1 AND author = ?2 AND uuid = ?3";

    internal const string ByIdSql = $"SELECT {Columns} FROM linktree WHERE task = ?1 AND substr(id, 1, 8) = substr(?2, 1, 8) AND id = ?2";

    internal const string ListSql =
        $"""
        SELECT {Columns} FROM linktree INDEXED BY linktree_by_version
        WHERE task = ?1 AND (timestamp, id) > (?2, ?3) AND tombstone <= ?4 ORDER BY timestamp, id LIMIT ?5
        """;

    private const string Columns = "author, signature, data, timestamp, id";

    private readonly StoreConnection _connection;
    private readonly long _task;
    private readonly SqliteStatement _begin, _version, _byId, _list, _rowsOfAuthor, _byRow, _feed, _changes;

    internal StoreReader(StoreConnection connection, long task)
    {
        _connection = connection;
        _task = task;
        _begin = connection.Prepare("BEGIN");
        _version = connection.Prepare(VersionSql);
        _byId = connection.Prepare(ByIdSql);
        _list = connection.Prepare(ListSql);

        // Only row numbers, the records one by one afterwards: sorting whole records would copy their data.
        _rowsOfAuthor = connection.Prepare(
            """
            SELECT row FROM linktree INDEXED BY linktree_by_key
            WHERE task = ?1 AND (timestamp, id) > (?2, ?3) AND tombstone <= ?4 AND author = ?6 ORDER BY timestamp, id LIMIT ?5
            """);
        _byRow = connection.Prepare($"SELECT {Columns} FROM linktree WHERE row = ?1");
        _feed = connection.Prepare(
            """
            SELECT hex(feed), changes, (SELECT number FROM change WHERE change.task = task.task ORDER BY number LIMIT 1)
            FROM task WHERE task = ?1
            """);
        _changes = connection.Prepare(
            """
            SELECT kind, author, uuid, added_timestamp, added_id, removed_timestamp, removed_id FROM change
            WHERE task = ?1 AND number > ?2 ORDER BY number LIMIT ?3
            """);
    }

    internal LinktreeVersion?[] GetVersions(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken)
    {
        var versions = new LinktreeVersion?[keys.Count];
        _begin.Execute();
        for (var i = 0; i < versions.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _version.Bind(1, _task).Bind(2, keys[i].Author.AsSpan());
            if (_version.TryBindUuid(3, keys[i].Uuid) && _version.Step())
            {
                versions[i] = ReadVersion(_version, 0);
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
            if (seen.Add(id) && _byId.Bind(1, _task).Bind(2, id.AsSpan()).Step())
            {
                linktrees.Add(ReadLinktree(_byId));
                _byId.Reset();
            }
        }

        _connection.Commit();
        return linktrees;
    }

    internal LinktreePage List(LinktreeQuery query, CancellationToken cancellationToken)
    {
        _begin.Execute();
        var page = query.Author is { } author ? ListAuthor(query, author, cancellationToken) : ListAll(query, cancellationToken);
        _connection.Commit();
        return page;
    }

    internal ChangePage ReadChanges(ChangePosition after, int limit, CancellationToken cancellationToken)
    {
        _begin.Execute();
        var page = ReadChangesInTransaction(after, limit, cancellationToken);
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

    private LinktreePage ListAll(LinktreeQuery query, CancellationToken cancellationToken)
    {
        var linktrees = new List<SignedLinktree>();
        var bytes = 0;
        BindQuery(_list, query);
        while (_list.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (linktrees.Count == query.Limit || bytes >= LinktreePage.MaxBytes)
            {
                _list.Reset();
                return new LinktreePage(linktrees, linktrees[^1].Version);
            }

            linktrees.Add(ReadLinktree(_list));
            bytes += linktrees[^1].Data.Length;
        }

        return new LinktreePage(linktrees, null);
    }

    private LinktreePage ListAuthor(LinktreeQuery query, PublicKey author, CancellationToken cancellationToken)
    {
        var rows = new List<long>();
        BindQuery(_rowsOfAuthor, query).Bind(6, author.AsSpan());
        while (_rowsOfAuthor.Step())
            rows.Add(_rowsOfAuthor.GetInt64(0));

        var linktrees = new List<SignedLinktree>();
        var bytes = 0;
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (linktrees.Count == query.Limit || bytes >= LinktreePage.MaxBytes)
                return new LinktreePage(linktrees, linktrees[^1].Version);

            _byRow.Bind(1, row).Step();
            linktrees.Add(ReadLinktree(_byRow));
            bytes += linktrees[^1].Data.Length;
            _byRow.Reset();
        }

        return new LinktreePage(linktrees, null);
    }

    // One row more than the page may contain, which shows whether there is a next page.
    private SqliteStatement BindQuery(SqliteStatement statement, LinktreeQuery query) => statement
        .Bind(1, _task).Bind(2, query.After?.Timestamp ?? -1).Bind(3, (query.After?.Id ?? default).AsSpan())
        .Bind(4, query.IncludeTombstones ? 1 : 0).Bind(5, query.Limit + 1L);

    private ChangePage ReadChangesInTransaction(ChangePosition after, int limit, CancellationToken cancellationToken)
    {
        _feed.Bind(1, _task).Step();
        var prefix = _feed.GetText(0) + ":";
        var last = _feed.GetInt64(1);
        var first = _feed.IsNull(2) ? last + 1 : _feed.GetInt64(2);
        _feed.Reset();

        ChangePosition Position(long number) => new(prefix + number.ToString(CultureInfo.InvariantCulture));

        if (after == ChangePosition.Latest)
            return new ChangePage([], Position(last));
        var number = 0L;
        var isOwn = after == ChangePosition.Start
            || (after.Value!.StartsWith(prefix, StringComparison.Ordinal)
                && long.TryParse(after.Value.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number));
        if (!isOwn || number < first - 1 || number > last)
            return new ChangePage([], Position(last)) { IsTrimmed = true };

        var changes = new List<LinktreeChange>((int)Math.Min(limit, last - number));
        _changes.Bind(1, _task).Bind(2, number).Bind(3, limit);
        while (_changes.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            changes.Add(ReadChange(_changes));
        }

        return new ChangePage(changes, Position(number + changes.Count));
    }

    private static LinktreeChange ReadChange(SqliteStatement statement) => new(
        (LinktreeChangeKind)statement.GetInt64(0),
        new LinktreeKey(new PublicKey(statement.GetBlob(1)), Encoding.UTF8.GetString(statement.GetBlob(2))),
        statement.IsNull(3) ? null : ReadVersion(statement, 3),
        statement.IsNull(5) ? null : ReadVersion(statement, 5));

    private static LinktreeVersion ReadVersion(SqliteStatement statement, int column) =>
        new(statement.GetInt64(column), new LinktreeId(statement.GetBlob(column + 1)));

    private static SignedLinktree ReadLinktree(SqliteStatement statement)
    {
        // The id is computed from the data that was read, so a record that has changed on the disk is never served.
        var version = ReadVersion(statement, 3);
        var (author, signature) = (new PublicKey(statement.GetBlob(0)), new LinktreeSignature(statement.GetBlob(1)));
        if (SignedLinktree.TryRestore(author, signature, statement.GetBlob(2), version.Id, out var linktree)
            && linktree.Timestamp == version.Timestamp)
            return linktree;
        throw new LinktreeStoreException("The database is damaged: a stored record does not match its id. " + SqliteErrors.WhatToDoWithDamage);
    }
}
