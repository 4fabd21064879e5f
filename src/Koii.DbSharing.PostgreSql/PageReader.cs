using System.Globalization;
using Koii.DbSharing.Records;
using Koii.DbSharing.Storage;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Answers the reads of a store. Each is one statement, so it sees one state of the database, and waits for no writer.</summary>
/// <remarks>The statements are planned anew each time: a plan that was kept from when the tables were small would read them whole when they have grown.</remarks>
internal sealed class PageReader(NpgsqlConnection connection, TaskRow task)
{
    internal const string VersionsSql =
        """
        SELECT key.place, l.timestamp, l.id
        FROM unnest($2::bytea[], $3::bytea[], $4::integer[]) AS key (author, uuid, place)
        JOIN koii_dbsharing.linktree l ON l.task = $1 AND l.author = key.author AND l.uuid = key.uuid
        """;

    internal const string ByIdSql =
        """
        SELECT l.author, l.signature, l.data, l.timestamp, l.id
        FROM unnest($2::bytea[]) WITH ORDINALITY AS wanted (id, place)
        JOIN koii_dbsharing.linktree l ON l.task = $1 AND substring(l.id FROM 1 FOR 8) = substring(wanted.id FROM 1 FOR 8) AND l.id = wanted.id
        ORDER BY wanted.place
        """;

    internal const string ListSql = ListStart + ListEnd;

    internal const string ListOfAuthorSql = ListStart + " AND author = $7" + ListEnd;

    // Of one row more than the page may have, those are sent that fit its size; whether each is followed by another tells whether there is a next page.
    private const string ListStart =
        """
        SELECT author, signature, data, timestamp, id, is_followed
        FROM (
            SELECT *,
                sum(octet_length(data)) OVER (ORDER BY timestamp, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before,
                lead(true, 1, false) OVER (ORDER BY timestamp, id) AS is_followed
            FROM (
                SELECT author, signature, data, timestamp, id FROM koii_dbsharing.linktree
                WHERE task = $1 AND (timestamp, id) > ($2, $3) AND (NOT tombstone OR $4)
        """;

    private const string ListEnd =
        """

                ORDER BY timestamp, id LIMIT $5 + 1
            ) listed
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
            WHERE task = t.task AND number > $2 AND $2 BETWEEN t.trimmed AND t.changes
            ORDER BY number LIMIT $3
        ) c ON true
        WHERE t.task = $1
        ORDER BY c.number
        """;

    /// <summary>A record has at least 26 bytes of data (<c>{"uuid":"u","timestamp":0}</c>), so no page is longer, whatever its limit.</summary>
    private const int MaxRowsOfPage = (LinktreePage.MaxBytes / 26) + 1;

    internal async ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken)
    {
        var (authors, uuids, places) = (new List<byte[]>(keys.Count), new List<byte[]>(keys.Count), new List<int>(keys.Count));
        for (var place = 0; place < keys.Count; place++)
        {
            if (Uuid.TryEncode(keys[place].Uuid) is not { } uuid)
                continue;
            authors.Add(keys[place].Author.AsSpan().ToArray());
            uuids.Add(uuid);
            places.Add(place);
        }

        var versions = new LinktreeVersion?[keys.Count];
        var command = Command(VersionsSql);
        await using var endOfCommand = command.ConfigureAwait(false);
        command.Parameters.Add(new NpgsqlParameter<List<byte[]>> { TypedValue = authors });
        command.Parameters.Add(new NpgsqlParameter<List<byte[]>> { TypedValue = uuids });
        command.Parameters.Add(new NpgsqlParameter<List<int>> { TypedValue = places });
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var endOfReader = reader.ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            versions[reader.GetInt32(0)] = ReadVersion(reader, 1);
        return versions;
    }

    internal async ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken)
    {
        var command = Command(ByIdSql);
        await using var endOfCommand = command.ConfigureAwait(false);
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. ids.Distinct().Select(id => id.AsSpan().ToArray())] });
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var endOfReader = reader.ConfigureAwait(false);
        var linktrees = new List<SignedLinktree>(ids.Count);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            linktrees.Add(ReadLinktree(reader));
        return linktrees;
    }

    internal async ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken)
    {
        var command = Command(query.Author is null ? ListSql : ListOfAuthorSql);
        await using var endOfCommand = command.ConfigureAwait(false);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = query.After?.Timestamp ?? -1 });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = (query.After?.Id ?? default).AsSpan().ToArray() });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = query.IncludeTombstones });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Math.Min(query.Limit, MaxRowsOfPage) });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = LinktreePage.MaxBytes });
        if (query.Author is { } author)
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = author.AsSpan().ToArray() });

        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var endOfReader = reader.ConfigureAwait(false);
        var linktrees = new List<SignedLinktree>();
        var isFollowed = false;
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            linktrees.Add(ReadLinktree(reader));
            isFollowed = reader.GetBoolean(5);
        }

        return new LinktreePage(linktrees, isFollowed ? linktrees[^1].Version : null);
    }

    internal async ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken)
    {
        // A number that no change has is one that the feed does not reach back to.
        var number = TryParse(after) ?? -1;
        var command = Command(ChangesSql);
        await using var endOfCommand = command.ConfigureAwait(false);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var endOfReader = reader.ConfigureAwait(false);
        if (!await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            throw new LinktreeStoreException("The database has lost the row of its task: it was changed by something else, or is damaged.");

        var (last, trimmed) = (reader.GetInt64(0), reader.GetInt64(1));
        if (number < trimmed || number > last)
            return new ChangePage([], Position(last)) { IsTrimmed = after != ChangePosition.Latest };

        var changes = new List<LinktreeChange>((int)Math.Min(limit, last - number));
        if (!await reader.IsDBNullAsync(2, cancellationToken).ConfigureAwait(false))
        {
            do
                changes.Add(ReadChange(reader));
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false));
        }

        return new ChangePage(changes, Position(number + changes.Count));
    }

    private NpgsqlCommand Command(string sql) => new(sql, connection) { Parameters = { new NpgsqlParameter<int> { TypedValue = task.Number } } };

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

    private static LinktreeChange ReadChange(NpgsqlDataReader reader) => new(
        (LinktreeChangeKind)reader.GetInt16(2),
        new LinktreeKey(new PublicKey(reader.GetFieldValue<byte[]>(3)), Uuid.Decode(reader.GetFieldValue<byte[]>(4))),
        reader.IsDBNull(5) ? null : ReadVersion(reader, 5),
        reader.IsDBNull(7) ? null : ReadVersion(reader, 7));

    private static LinktreeVersion ReadVersion(NpgsqlDataReader reader, int column) => new(reader.GetInt64(column), new LinktreeId(reader.GetFieldValue<byte[]>(column + 1)));

    private static SignedLinktree ReadLinktree(NpgsqlDataReader reader)
    {
        // The id is computed anew from what was read, so a record that has changed in the database is never served.
        var (author, signature, data) = (reader.GetFieldValue<byte[]>(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2));
        if (author.Length == PublicKey.Size && signature.Length == LinktreeSignature.Size
            && SignedLinktree.TryCreate(new PublicKey(author), new LinktreeSignature(signature), data, out var linktree, out _)
            && linktree.Version == ReadVersion(reader, 3))
            return linktree;
        throw new LinktreeStoreException(
            "The database is damaged: a stored record does not match its id. Restore a backup, or drop the schema koii_dbsharing and let the node's peers fill it again.");
    }
}
