using Koii.DbSharing.Storage;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Reads a task's records and changes on one connection. Each read is one statement, so it returns one state of the
/// database, and waits for no writer. The first parameter of each statement is the task's number.
/// </summary>
internal sealed class StoreReader(NpgsqlConnection connection, TaskRow task, IndexKeys keys)
{
    // Always few rows, which an index finds. A planner without statistics, or with those of a small table, may prefer
    // to read and sort all of the table; these settings prevent it, in the same round trip and for this transaction
    // only.
    private const string UseIndexSql =
        """
        SELECT set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
            set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_sort', $1, true),
            set_config('max_parallel_workers_per_gather', '0', true)
        """;

    // A lookup for each key: a join could be planned without one, and read all rows of the task for each key while the
    // table has no statistics. For the same reason task + 0 excludes the indexes that start with the task.
    private const string VersionsSql =
        """
        SELECT key.place, held.timestamp, held.id
        FROM unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::integer[]) AS key (identity, author, uuid, place)
        CROSS JOIN LATERAL (
            SELECT l.timestamp, l.id FROM koii_dbsharing.linktree l
            WHERE l.identity_hash = key.identity AND l.task + 0 = $1 AND l.author = key.author AND l.uuid = key.uuid LIMIT 1
        ) held
        """;

    private const string ByIdSql =
        """
        SELECT held.author, held.signature, held.data, held.timestamp, held.id
        FROM unnest($2::bigint[], $3::bytea[]) WITH ORDINALITY AS wanted (prefix, id, place)
        CROSS JOIN LATERAL (
            SELECT l.author, l.signature, l.data, l.timestamp, l.id FROM koii_dbsharing.linktree l
            WHERE l.id_prefix = wanted.prefix AND l.task + 0 = $1 AND l.id = wanted.id LIMIT 1
        ) held
        ORDER BY wanted.place
        """;

    private const string ListSql = ListStart + ListEnd;

    private const string ListOfAuthorSql = ListStart + " AND identity_hash BETWEEN $8 AND $9 AND author = $10" + ListEnd;

    // Reads one row more than the page may contain and returns those that fit its size; is_followed of the last row
    // shows whether there is a next page.
    private const string ListStart =
        """
        SELECT author, signature, data, timestamp, id, is_followed
        FROM (
            SELECT *,
                sum(size) OVER earlier AS bytes_before,
                lead(true, 1, false) OVER earlier AS is_followed
            FROM (
                SELECT author, signature, data, timestamp, id, id_prefix, size FROM koii_dbsharing.linktree
                WHERE task = $1 AND (timestamp, id_prefix, id) > ($2, $3, $4) AND (NOT tombstone OR $5)
        """;

    private const string ListEnd =
        """

                ORDER BY timestamp, id_prefix, id LIMIT $6 + 1
            ) listed
            -- One pass for both: lead ignores the frame.
            WINDOW earlier AS (ORDER BY timestamp, id_prefix, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ) page
        WHERE bytes_before IS NULL OR bytes_before < $7
        ORDER BY timestamp, id_prefix, id LIMIT $6
        """;

    // First the state of the task. Then what was added and is stored, what was added and is removed, and what was removed
    // ($2 to $4: the bounds of the page); kinds: 1 addition, 2 addition of a tombstone, 3 removal. What is stored comes from
    // an index that has no data. Few columns, since they take most of the time.
    private const string ChangesSql =
        """
        WITH state AS MATERIALIZED (SELECT changes, trimmed, least($3, changes) AS head FROM koii_dbsharing.task WHERE task = $1)
        SELECT 0::smallint AS kind, changes AS number, trimmed AS timestamp, NULL::bytea AS key FROM state
        UNION ALL
        (SELECT CASE WHEN tombstone THEN 2 ELSE 1 END::smallint, number, timestamp, author || id || uuid FROM koii_dbsharing.linktree
            WHERE task = $1 AND number > $2 ORDER BY number LIMIT $4)
        UNION ALL
        (SELECT CASE WHEN tombstone THEN 2 ELSE 1 END::smallint, added, timestamp, author || id || uuid FROM koii_dbsharing.removal
            WHERE task = $1 AND number > (SELECT head FROM state) AND added > $2 ORDER BY added LIMIT $4)
        UNION ALL
        (SELECT 3::smallint, number, timestamp, author || id || uuid FROM koii_dbsharing.removal
            WHERE task = $1 AND number > (SELECT head FROM state) ORDER BY number LIMIT $4)
        """;

    /// <summary>
    /// A record has at least 26 bytes of data (<c>{"uuid":"u","timestamp":0}</c>), so no page has more rows, whatever
    /// its limit.
    /// </summary>
    private const int MaxRowsOfPage = (LinktreePage.MaxBytes / 26) + 1;

    internal async ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(
        IReadOnlyList<LinktreeKey> wanted, CancellationToken cancellationToken)
    {
        var (authors, uuids) = (new List<byte[]>(wanted.Count), new List<byte[]>(wanted.Count));
        var (identities, indexes) = (new List<long>(wanted.Count), new List<int>(wanted.Count));
        for (var index = 0; index < wanted.Count; index++)
        {
            var key = wanted[index];
            if (UuidBytes.TryEncode(key.Uuid) is not { } uuid)
                continue;
            identities.Add(keys.Identity(key.Author, uuid));
            authors.Add(key.Author.AsSpan().ToArray());
            uuids.Add(uuid);
            indexes.Add(index);
        }

        var versions = new LinktreeVersion?[wanted.Count];
        var batch = Prepare(VersionsSql, isSortAllowed: true, Value(identities), Value(authors), Value(uuids), Value(indexes));
        await using var endOfBatch = batch.ConfigureAwait(false);
        var rows = await ExecuteAsync(batch, cancellationToken).ConfigureAwait(false);
        await using var endOfRows = rows.ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            versions[rows.GetInt32(0)] = ReadVersion(rows, 1);
        return versions;
    }

    internal async ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken)
    {
        LinktreeId[] distinct = [.. ids.Distinct()];
        var prefixes = Array.ConvertAll(distinct, keys.Prefix);
        var batch = Prepare(ByIdSql, isSortAllowed: true, Value(prefixes), Value(Array.ConvertAll(distinct, id => id.AsSpan().ToArray())));
        await using var endOfBatch = batch.ConfigureAwait(false);
        var rows = await ExecuteAsync(batch, cancellationToken).ConfigureAwait(false);
        await using var endOfRows = rows.ConfigureAwait(false);
        var linktrees = new List<SignedLinktree>(ids.Count);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            linktrees.Add(ReadLinktree(rows));
        return linktrees;
    }

    internal async ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken)
    {
        var after = query.After ?? new LinktreeVersion(-1, default);
        NpgsqlParameter[] parameters =
        [
            Value(after.Timestamp),
            Value(keys.Prefix(after.Id)),
            Value(after.Id.AsSpan().ToArray()),
            Value(query.IncludeTombstones),
            Value(Math.Min(query.Limit, MaxRowsOfPage)),
            Value(LinktreePage.MaxBytes),
        ];

        // An index has all records in the order of the list, but not those of an author.
        var batch = query.Author is { } author
            ? PrepareListOf(author, parameters)
            : Prepare(ListSql, isSortAllowed: false, parameters);
        await using var endOfBatch = batch.ConfigureAwait(false);
        var rows = await ExecuteAsync(batch, cancellationToken).ConfigureAwait(false);
        await using var endOfRows = rows.ConfigureAwait(false);
        var linktrees = new List<SignedLinktree>();
        var isFollowed = false;
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            linktrees.Add(ReadLinktree(rows));
            isFollowed = rows.GetBoolean(5);
        }

        return new LinktreePage(linktrees, isFollowed ? linktrees[^1].Version : null);
    }

    internal async ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken)
    {
        // Parsed without bounds for the parameters of the statement. The bounds are in the row of the task, which the
        // statement returns first.
        if (!ChangeCursor.TryParse(after, task.Feed, long.MaxValue, 0, out var cursor))
            cursor = new ChangeCursor(long.MaxValue, long.MaxValue);
        var batch = Prepare(ChangesSql, isSortAllowed: true, Value(cursor.Read), Value(cursor.Head), Value(limit));
        await using var endOfBatch = batch.ConfigureAwait(false);
        var rows = await ExecuteAsync(batch, cancellationToken).ConfigureAwait(false);
        await using var endOfRows = rows.ConfigureAwait(false);
        if (!await rows.ReadAsync(cancellationToken).ConfigureAwait(false) || rows.GetInt16(0) != 0)
            throw new LinktreeStoreException("The database has lost the row of its task: another program changed it, or it is damaged.");

        var (last, trimmed) = (rows.GetInt64(1), rows.GetInt64(2));
        if (!ChangeCursor.TryParse(after, task.Feed, last, trimmed, out cursor))
            return new ChangePage([], cursor.ToPosition(task.Feed)) { IsTrimmed = true };

        var page = new ChangePageBuilder(cursor, limit);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            AddChange(page, rows);
        return page.ToPage(task.Feed, last);
    }

    private NpgsqlBatch PrepareListOf(PublicKey author, ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var (first, last) = keys.IdentitiesOf(author);
        return Prepare(ListOfAuthorSql, isSortAllowed: true, [.. parameters, Value(first), Value(last), Value(author.AsSpan().ToArray())]);
    }

    private NpgsqlBatch Prepare(string sql, bool isSortAllowed, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var read = new NpgsqlBatchCommand(sql) { Parameters = { Value(task.Number) } };
        foreach (var parameter in parameters)
            read.Parameters.Add(parameter);
        var settings = new NpgsqlBatchCommand(UseIndexSql) { Parameters = { Value(isSortAllowed ? "on" : "off") } };
        return new NpgsqlBatch(connection) { BatchCommands = { settings, read } };
    }

    /// <summary>Returns the rows of the second statement.</summary>
    private static async ValueTask<NpgsqlDataReader> ExecuteAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        var rows = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await rows.NextResultAsync(cancellationToken).ConfigureAwait(false);
            return rows;
        }
        catch
        {
            await rows.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    private static void AddChange(ChangePageBuilder page, NpgsqlDataReader rows)
    {
        var (kind, number) = (rows.GetInt16(0), rows.GetInt64(1));
        ReadOnlySpan<byte> bytes = rows.GetFieldValue<byte[]>(3);
        var version = new LinktreeVersion(rows.GetInt64(2), new LinktreeId(bytes.Slice(PublicKey.Size, LinktreeId.Size)));
        var key = new LinktreeKey(new PublicKey(bytes[..PublicKey.Size]), UuidBytes.Decode(bytes[(PublicKey.Size + LinktreeId.Size)..]));
        if (kind == 3)
            page.AddRemoval(number, key, version);
        else
            page.AddAddition(number, key, version, isTombstone: kind == 2);
    }

    private static LinktreeVersion ReadVersion(NpgsqlDataReader rows, int column) =>
        new(rows.GetInt64(column), new LinktreeId(rows.GetFieldValue<byte[]>(column + 1)));

    private static SignedLinktree ReadLinktree(NpgsqlDataReader rows)
    {
        // The id is computed from the data that was read, so a record that has changed in the database is never served.
        var (author, signature, data) = (rows.GetFieldValue<byte[]>(0), rows.GetFieldValue<byte[]>(1), rows.GetFieldValue<byte[]>(2));
        var version = ReadVersion(rows, 3);
        if (author.Length == PublicKey.Size && signature.Length == LinktreeSignature.Size
            && SignedLinktree.TryRestore(new PublicKey(author), new LinktreeSignature(signature), data, version.Id, out var linktree)
            && linktree.Timestamp == version.Timestamp)
            return linktree;
        throw new LinktreeStoreException($"The database is damaged: a stored record does not match its id. {PostgreSqlErrors.WhatToDoWithDamage}");
    }
}
