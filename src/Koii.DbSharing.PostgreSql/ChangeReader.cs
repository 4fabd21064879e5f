using System.Text;
using Koii.DbSharing.Storage;
using Npgsql;
using static Koii.DbSharing.PostgreSql.ReadCommands;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Reads a task's change feed, as <see cref="StoreReader"/> reads its records: each page is one statement, and damaged rows
/// throw a <see cref="RowsToMoveException"/>.
/// </summary>
internal sealed class ChangeReader(ReadCommands commands)
{
    // First the state of the task. Then what was added and is stored, what was added and is removed, and what was removed
    // ($2 to $4: the bounds of the page); the kind of a row is a sum of bits. What is stored comes from an index that has no
    // data. Few columns, since they take most of the time.
    private const string ChangesSql =
        """
        WITH state AS MATERIALIZED (SELECT feed, changes, trimmed, least($3, changes) AS head FROM koii_dbsharing.task WHERE task = $1)
        SELECT 0 AS kind, 0 AS checksum, changes AS number, trimmed AS timestamp, convert_to(feed::text, 'UTF8') AS key FROM state
        UNION ALL
        (SELECT CASE WHEN tombstone THEN 3 ELSE 1 END, key_checksum, number, timestamp, author || id || uuid FROM koii_dbsharing.linktree
            WHERE task = $1 AND number > $2 ORDER BY number LIMIT $4)
        UNION ALL
        (SELECT CASE WHEN tombstone THEN 7 ELSE 5 END, key_checksum, added, timestamp, author || id || uuid FROM koii_dbsharing.removal
            WHERE task = $1 AND number > (SELECT head FROM state) AND added > $2 ORDER BY added LIMIT $4)
        UNION ALL
        (SELECT CASE WHEN tombstone THEN 6 ELSE 4 END, key_checksum, number, timestamp, author || id || uuid FROM koii_dbsharing.removal
            WHERE task = $1 AND number > (SELECT head FROM state) ORDER BY number LIMIT $4)
        """;

    private const int IsAddition = 1, IsTombstone = 2, IsOfRemoval = 4;

    internal async ValueTask<ChangePage> ReadAsync(ChangePosition after, int limit, CancellationToken cancellationToken)
    {
        // Parsed without bounds, as a position of the feed that it names, for the parameters of the statement. The name and
        // the bounds of the feed are in the row of the task, which the statement returns first.
        var named = after.Value is { } value && value.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? value[..colon] : "";
        if (!ChangeCursor.TryParse(after, named, long.MaxValue, 0, out var cursor))
            cursor = new ChangeCursor(long.MaxValue, long.MaxValue);
        var batch = commands.Prepare(ChangesSql, isSortAllowed: true, Value(cursor.Read), Value(cursor.Head), Value(limit));
        await using var endOfBatch = batch.ConfigureAwait(false);
        var rows = await ExecuteAsync(batch, cancellationToken).ConfigureAwait(false);
        await using var endOfRows = rows.ConfigureAwait(false);
        if (!await rows.ReadAsync(cancellationToken).ConfigureAwait(false) || rows.GetInt32(0) != 0)
            throw new LinktreeStoreException("The database has lost the row of its task: another program changed it, or it is damaged.");

        var (last, trimmed, feed) = (rows.GetInt64(2), rows.GetInt64(3), Encoding.UTF8.GetString(rows.GetFieldValue<byte[]>(4)));
        if (!ChangeCursor.TryParse(after, feed, last, trimmed, out cursor))
            return new ChangePage([], cursor.ToPosition(feed)) { IsTrimmed = true };

        var page = new ChangePageBuilder(cursor, limit);
        var damaged = new List<long>();
        var areRemovalsDamaged = false;
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var kind = rows.GetInt32(0);
            if (TryAddChange(page, kind, rows))
                continue;
            if ((kind & IsOfRemoval) != 0)
                areRemovalsDamaged = true;
            else
                damaged.Add(rows.GetInt64(2));
        }

        if (areRemovalsDamaged)
            throw new RowsToMoveException(damaged) { AreRemovalsDamaged = true };
        RowsToMoveException.ThrowIfAny(damaged);
        return page.ToPage(feed, last);
    }

    private static bool TryAddChange(ChangePageBuilder page, int kind, NpgsqlDataReader rows)
    {
        var (checksum, number, timestamp) = (rows.GetInt32(1), rows.GetInt64(2), rows.GetInt64(3));
        ReadOnlySpan<byte> bytes = rows.GetFieldValue<byte[]>(4);
        var isTombstone = (kind & IsTombstone) != 0;
        if (bytes.Length <= PublicKey.Size + LinktreeId.Size || KeyChecksum.Compute(bytes, timestamp, isTombstone) != checksum)
            return false;

        var version = new LinktreeVersion(timestamp, new LinktreeId(bytes.Slice(PublicKey.Size, LinktreeId.Size)));
        var key = new LinktreeKey(new PublicKey(bytes[..PublicKey.Size]), UuidBytes.Decode(bytes[(PublicKey.Size + LinktreeId.Size)..]));
        if ((kind & IsAddition) != 0)
            page.AddAddition(number, key, version, isTombstone);
        else
            page.AddRemoval(number, key, version);
        return true;
    }
}
