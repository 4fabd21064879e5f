using System.Globalization;
using Koii.DbSharing.Storage;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Reads a task's records and changes on one connection. Each read is one statement, so it returns one state of the
/// database, and waits for no writer. The first parameter of each statement is the task's number.
/// </summary>
internal sealed class StoreReader(NpgsqlConnection connection, TaskRow task)
{
    // Always few rows, which an index finds. A planner without statistics, or with those of a small table, may prefer
    // to read and sort all of the table; these settings prevent it, in the same round trip and for this transaction
    // only.
    private const string UseIndexSql =
        """
        SELECT set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
            set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_sort', $1, true)
        """;

    // A lookup for each key: a join could be planned without one, and read all rows of the task for each key while the
    // table has no statistics.
    private const string VersionsSql =
        """
        SELECT key.place, held.timestamp, held.id
        FROM unnest($2::bytea[], $3::bytea[], $4::integer[]) AS key (author, uuid, place)
        CROSS JOIN LATERAL (
            SELECT l.timestamp, l.id FROM koii_dbsharing.linktree l WHERE l.task = $1 AND l.author = key.author AND l.uuid = key.uuid LIMIT 1
        ) held
        """;

    private const string ByIdSql =
        """
        SELECT held.author, held.signature, held.data, held.timestamp, held.id
        FROM unnest($2::bytea[]) WITH ORDINALITY AS wanted (id, place)
        CROSS JOIN LATERAL (
            SELECT l.author, l.signature, l.data, l.timestamp, l.id FROM koii_dbsharing.linktree l
            WHERE l.task = $1 AND substring(l.id FROM 1 FOR 8) = substring(wanted.id FROM 1 FOR 8) AND l.id = wanted.id LIMIT 1
        ) held
        ORDER BY wanted.place
        """;

    private const string ListSql = ListStart + ListEnd;

    private const string ListOfAuthorSql = ListStart + " AND author = $7" + ListEnd;

    // Reads one row more than the page may contain and returns those that fit its size; is_followed of the last row
    // shows whether there is a next page.
    private const string ListStart =
        """
        SELECT author, signature, data, timestamp, id, is_followed
        FROM (
            SELECT *,
                sum(octet_length(data)) OVER earlier AS bytes_before,
                lead(true, 1, false) OVER earlier AS is_followed
            FROM (
                SELECT author, signature, data, timestamp, id FROM koii_dbsharing.linktree
                WHERE task = $1 AND (timestamp, id) > ($2, $3) AND (NOT tombstone OR $4)
        """;

    private const string ListEnd =
        """

                ORDER BY timestamp, id LIMIT $5 + 1
            ) listed
            -- One pass for both: lead looks beyond any frame.
            WINDOW earlier AS (ORDER BY timestamp, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ) page
        WHERE bytes_before IS NULL OR bytes_before < $6
        ORDER BY timestamp, id LIMIT $5
        """;

    private const string ChangesSql =
        """
        SELECT t.changes, t.trimmed, c.kind, c.author, c.uuid, c.added_timestamp, c.added_id, c.removed_timestamp, c.removed_id
        FROM koii_dbsharing.task t
        LEFT JOIN LATERAL (
            SELECT * FROM koii_dbsharing.change
            WHERE task = $1 AND number > $2 AND $2 BETWEEN t.trimmed AND t.changes
            ORDER BY number LIMIT $3
        ) c ON true
        WHERE t.task = $1
        """;

    /// <summary>
    /// A record has at least 26 bytes of data (<c>{"uuid":"u","timestamp":0}</c>), so no page has more rows, whatever
    /// its limit.
    /// </summary>
    private const int MaxRowsOfPage = (LinktreePage.MaxBytes / 26) + 1;

    internal async ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(
        IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken)
    {
        var (authors, uuids, indexes) = (new List<byte[]>(keys.Count), new List<byte[]>(keys.Count), new List<int>(keys.Count));
        for (var index = 0; index < keys.Count; index++)
        {
            if (UuidBytes.TryEncode(keys[index].Uuid) is not { } uuid)
                continue;
            authors.Add(keys[index].Author.AsSpan().ToArray());
            uuids.Add(uuid);
            indexes.Add(index);
        }

        var versions = new LinktreeVersion?[keys.Count];
        var batch = Prepare(VersionsSql, isSortAllowed: true, Value(authors), Value(uuids), Value(indexes));
        await using var endOfBatch = batch.ConfigureAwait(false);
        var rows = await ExecuteAsync(batch, cancellationToken).ConfigureAwait(false);
        await using var endOfRows = rows.ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            versions[rows.GetInt32(0)] = ReadVersion(rows, 1);
        return versions;
    }

    internal async ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken)
    {
        byte[][] distinct = [.. ids.Distinct().Select(id => id.AsSpan().ToArray())];
        var batch = Prepare(ByIdSql, isSortAllowed: true, Value(distinct));
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
        NpgsqlParameter[] parameters =
        [
            Value(query.After?.Timestamp ?? -1),
            Value((query.After?.Id ?? default).AsSpan().ToArray()),
            Value(query.IncludeTombstones),
            Value(Math.Min(query.Limit, MaxRowsOfPage)),
            Value(LinktreePage.MaxBytes),
        ];

        // An index has all records in the order of the list, but not those of an author.
        var batch = query.Author is { } author
            ? Prepare(ListOfAuthorSql, isSortAllowed: true, [.. parameters, Value(author.AsSpan().ToArray())])
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
        // No change has the number -1, so the position is answered as one that was trimmed.
        var number = TryParse(after) ?? -1;
        var batch = Prepare(ChangesSql, isSortAllowed: true, Value(number), Value(limit));
        await using var endOfBatch = batch.ConfigureAwait(false);
        var rows = await ExecuteAsync(batch, cancellationToken).ConfigureAwait(false);
        await using var endOfRows = rows.ConfigureAwait(false);
        if (!await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            throw new LinktreeStoreException("The database has lost the row of its task: another program changed it, or it is damaged.");

        var (last, trimmed) = (rows.GetInt64(0), rows.GetInt64(1));
        if (number < trimmed || number > last)
            return new ChangePage([], Position(last)) { IsTrimmed = after != ChangePosition.Latest };

        var changes = new List<LinktreeChange>((int)Math.Min(limit, last - number));
        if (number < last)
        {
            do
                changes.Add(ReadChange(rows));
            while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false));
        }

        return new ChangePage(changes, Position(number + changes.Count));
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

    private ChangePosition Position(long number) => new(string.Create(CultureInfo.InvariantCulture, $"{task.Feed}:{number}"));

    private long? TryParse(ChangePosition position)
    {
        if (position == ChangePosition.Start)
            return 0;
        return position.Value!.StartsWith(task.Feed + ":", StringComparison.Ordinal)
            && long.TryParse(position.Value.AsSpan(task.Feed.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
    }

    private static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    private static LinktreeChange ReadChange(NpgsqlDataReader rows) => new(
        (LinktreeChangeKind)rows.GetInt16(2),
        new LinktreeKey(new PublicKey(rows.GetFieldValue<byte[]>(3)), UuidBytes.Decode(rows.GetFieldValue<byte[]>(4))),
        rows.IsDBNull(5) ? null : ReadVersion(rows, 5),
        rows.IsDBNull(7) ? null : ReadVersion(rows, 7));

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
