using Koii.DbSharing.Storage;
using Npgsql;
using static Koii.DbSharing.PostgreSql.ReadCommands;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Reads a task's records. Each read is one statement, so it returns one state of the database, and waits for no writer. A
/// read that meets rows which have to be moved throws a <see cref="RowsToMoveException"/>.
/// </summary>
internal sealed class StoreReader(ReadCommands commands, IndexKeys keys)
{
    // A lookup for each key: a join could be planned without one, and read all rows of the task for each key while the
    // table has no statistics. For the same reason task + 0 excludes the indexes that start with the task.
    private const string VersionsSql =
        """
        SELECT key.place, held.number, held.timestamp, held.tombstone, held.checksum, held.id || held.signature
        FROM unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::integer[]) AS key (identity, author, uuid, place)
        CROSS JOIN LATERAL (
            SELECT l.number, l.timestamp, l.tombstone, l.checksum, l.id, l.signature FROM koii_dbsharing.linktree l
            WHERE l.identity_hash = key.identity AND l.task + 0 = $1 AND l.author = key.author AND l.uuid = key.uuid LIMIT 1
        ) held
        """;

    private const string ByIdSql =
        $"""
        SELECT held.*
        FROM unnest($2::bigint[], $3::bytea[]) WITH ORDINALITY AS wanted (prefix, id, place)
        CROSS JOIN LATERAL (
            SELECT {StoredRow.Columns} FROM koii_dbsharing.linktree l
            WHERE l.id_prefix = wanted.prefix AND l.task + 0 = $1 AND l.id = wanted.id LIMIT 1
        ) held
        ORDER BY wanted.place
        """;

    private const string ListSql = ListStart + ListEnd;

    private const string ListOfAuthorSql = ListStart + " AND identity_hash BETWEEN $8 AND $9 AND author = $10" + ListEnd;

    // Reads one row more than the page may contain and returns those that fit its size; is_followed of the last row
    // shows whether there is a next page.
    private const string ListStart =
        $"""
        SELECT number, key, data, timestamp, tombstone, checksum, key_checksum, identity_hash, id_prefix, size, is_followed
        FROM (
            SELECT *,
                sum(size) OVER earlier AS bytes_before,
                lead(true, 1, false) OVER earlier AS is_followed
            FROM (
                SELECT {StoredRow.Columns}, l.id FROM koii_dbsharing.linktree l
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
        var damaged = new List<long>();
        var batch = commands.Prepare(VersionsSql, isSortAllowed: true, Value(identities), Value(authors), Value(uuids), Value(indexes));
        await using var endOfBatch = batch.ConfigureAwait(false);
        var rows = await ExecuteAsync(batch, cancellationToken).ConfigureAwait(false);
        await using var endOfRows = rows.ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var index = rows.GetInt32(0);
            if (TryReadVersion(rows, wanted[index]) is { } version)
                versions[index] = version;
            else
                damaged.Add(rows.GetInt64(1));
        }

        RowsToMoveException.ThrowIfAny(damaged);
        return versions;
    }

    internal async ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken)
    {
        LinktreeId[] distinct = [.. ids.Distinct()];
        var prefixes = Array.ConvertAll(distinct, keys.Prefix);
        var batch = commands.Prepare(ByIdSql, isSortAllowed: true, Value(prefixes), Value(Array.ConvertAll(distinct, id => id.AsSpan().ToArray())));
        await using var endOfBatch = batch.ConfigureAwait(false);
        var rows = await ExecuteAsync(batch, cancellationToken).ConfigureAwait(false);
        await using var endOfRows = rows.ConfigureAwait(false);
        var (linktrees, damaged) = (new List<SignedLinktree>(ids.Count), new List<long>());
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            ReadLinktree(rows, linktrees, damaged);
        RowsToMoveException.ThrowIfAny(damaged);
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
            : commands.Prepare(ListSql, isSortAllowed: false, parameters);
        await using var endOfBatch = batch.ConfigureAwait(false);
        var rows = await ExecuteAsync(batch, cancellationToken).ConfigureAwait(false);
        await using var endOfRows = rows.ConfigureAwait(false);
        var (linktrees, damaged) = (new List<SignedLinktree>(), new List<long>());
        var isFollowed = false;
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            ReadLinktree(rows, linktrees, damaged);
            isFollowed = rows.GetBoolean(StoredRow.ColumnCount);
        }

        RowsToMoveException.ThrowIfAny(damaged);
        return new LinktreePage(linktrees, isFollowed ? linktrees[^1].Version : null);
    }

    private NpgsqlBatch PrepareListOf(PublicKey author, ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var (first, last) = keys.IdentitiesOf(author);
        return commands.Prepare(ListOfAuthorSql, isSortAllowed: true, [.. parameters, Value(first), Value(last), Value(author.AsSpan().ToArray())]);
    }

    /// <summary>Returns <see langword="null"/> if the row is damaged.</summary>
    private static LinktreeVersion? TryReadVersion(NpgsqlDataReader rows, LinktreeKey key)
    {
        var (timestamp, isTombstone, checksum) = (rows.GetInt64(2), rows.GetBoolean(3), rows.GetInt64(4));
        ReadOnlySpan<byte> bytes = rows.GetFieldValue<byte[]>(5);
        if (bytes.Length != LinktreeId.Size + LinktreeSignature.Size)
            return null;

        var id = bytes[..LinktreeId.Size];
        Span<byte> uuid = stackalloc byte[UuidBytes.MaxSize];
        return LinktreeChecksum.Matches(
            checksum, key.Author.AsSpan(), uuid[..UuidBytes.Encode(key.Uuid, uuid)], timestamp, id, isTombstone, bytes[LinktreeId.Size..])
            ? new LinktreeVersion(timestamp, new LinktreeId(id))
            : null;
    }

    private void ReadLinktree(NpgsqlDataReader rows, List<SignedLinktree> linktrees, List<long> damaged)
    {
        var row = StoredRow.Read(rows);
        if (row.TryRestore(keys) is { } linktree)
            linktrees.Add(linktree);
        else
            damaged.Add(row.Number);
    }
}
