using System.Globalization;
using Koii.DbSharing.Storage;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Answers the reads of a store. Each is one statement, so it sees one state of the database, and waits for no writer.</summary>
internal sealed class PageReader(NpgsqlConnection connection, TaskRow task)
{
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
        var read = Read(ReadSql.Versions);
        await using var endOfRead = read.ConfigureAwait(false);
        read.Add(authors).Add(uuids).Add(places);
        var rows = await read.ExecuteAsync(cancellationToken).ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            versions[rows.GetInt32(0)] = ReadVersion(rows, 1);
        return versions;
    }

    internal async ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken)
    {
        var read = Read(ReadSql.ById);
        await using var endOfRead = read.ConfigureAwait(false);
        read.Add<byte[][]>([.. ids.Distinct().Select(id => id.AsSpan().ToArray())]);
        var rows = await read.ExecuteAsync(cancellationToken).ConfigureAwait(false);
        var linktrees = new List<SignedLinktree>(ids.Count);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            linktrees.Add(ReadLinktree(rows));
        return linktrees;
    }

    internal async ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken)
    {
        var read = query.Author is null ? Read(ReadSql.List, mustSort: false) : Read(ReadSql.ListOfAuthor);
        await using var endOfRead = read.ConfigureAwait(false);
        read.Add(query.After?.Timestamp ?? -1)
            .Add((query.After?.Id ?? default).AsSpan().ToArray())
            .Add(query.IncludeTombstones)
            .Add(Math.Min(query.Limit, MaxRowsOfPage))
            .Add(LinktreePage.MaxBytes);
        if (query.Author is { } author)
            read.Add(author.AsSpan().ToArray());

        var rows = await read.ExecuteAsync(cancellationToken).ConfigureAwait(false);
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
        // A number that no change has is one that the feed does not reach back to.
        var number = TryParse(after) ?? -1;
        var read = Read(ReadSql.Changes);
        await using var endOfRead = read.ConfigureAwait(false);
        read.Add(number).Add(limit);
        var rows = await read.ExecuteAsync(cancellationToken).ConfigureAwait(false);
        if (!await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            throw new LinktreeStoreException("The database has lost the row of its task: it was changed by something else, or is damaged.");

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

    private IndexRead Read(string sql, bool mustSort = true) => new IndexRead(connection, sql, mustSort).Add(task.Number);

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

    private static LinktreeChange ReadChange(NpgsqlDataReader rows) => new(
        (LinktreeChangeKind)rows.GetInt16(2),
        new LinktreeKey(new PublicKey(rows.GetFieldValue<byte[]>(3)), Uuid.Decode(rows.GetFieldValue<byte[]>(4))),
        rows.IsDBNull(5) ? null : ReadVersion(rows, 5),
        rows.IsDBNull(7) ? null : ReadVersion(rows, 7));

    private static LinktreeVersion ReadVersion(NpgsqlDataReader rows, int column) => new(rows.GetInt64(column), new LinktreeId(rows.GetFieldValue<byte[]>(column + 1)));

    private static SignedLinktree ReadLinktree(NpgsqlDataReader rows)
    {
        // The id is computed anew from what was read, so a record that has changed in the database is never served.
        var (author, signature, data, version) = (rows.GetFieldValue<byte[]>(0), rows.GetFieldValue<byte[]>(1), rows.GetFieldValue<byte[]>(2), ReadVersion(rows, 3));
        if (author.Length == PublicKey.Size && signature.Length == LinktreeSignature.Size
            && SignedLinktree.TryRestore(new PublicKey(author), new LinktreeSignature(signature), data, version.Id, out var linktree)
            && linktree.Timestamp == version.Timestamp)
            return linktree;
        throw new LinktreeStoreException(
            "The database is damaged: a stored record does not match its id. Restore a backup, or drop the schema koii_dbsharing and let the node's peers fill it again.");
    }
}
