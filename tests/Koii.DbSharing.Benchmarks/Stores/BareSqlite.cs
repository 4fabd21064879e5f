using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>
/// Writes the same rows to the same tables as the store, with Microsoft.Data.Sqlite only: prepared commands, one
/// transaction for each batch of records, and the settings of the store's connections. It checks no limit and compares
/// no version.
/// </summary>
internal sealed class BareSqlite : ICandidate
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin, _beginWriting, _commit, _insert, _append, _count, _find, _get, _list, _changes;
    private readonly long _task;
    private long _number;
    private (long Timestamp, byte[] Id) _listed = (-1, []);
    private long _read;

    /// <param name="connectionString">A file that the store has created.</param>
    /// <param name="cacheKilobytes">The cache of the connection.</param>
    internal BareSqlite(string connectionString, int cacheKilobytes)
    {
        _connection = new SqliteConnection(connectionString);
        _connection.Open();
        using (var settings = _connection.CreateCommand())
        {
            settings.CommandText = string.Create(
                CultureInfo.InvariantCulture,
                $"PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8192; PRAGMA cache_size = -{cacheKilobytes}");
            settings.ExecuteNonQuery();
        }

        using (var task = _connection.CreateCommand())
        {
            task.CommandText = "SELECT task FROM task";
            _task = (long)task.ExecuteScalar()!;
            task.CommandText = "SELECT changes FROM task";
            _number = (long)task.ExecuteScalar()!;
        }

        _begin = Prepare("BEGIN", 0);
        _beginWriting = Prepare("BEGIN IMMEDIATE", 0);
        _commit = Prepare("COMMIT", 0);
        _insert = Prepare(
            "INSERT INTO linktree (task, timestamp, id, author, uuid, tombstone, signature, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", 8);
        _append = Prepare(
            "INSERT INTO change (task, number, kind, author, uuid, added_timestamp, added_id, at) VALUES ($1, $2, 0, $3, $4, $5, $6, $7)", 7);
        _count = Prepare("UPDATE task SET records = $2, changes = $2 WHERE task = $1", 2);
        _find = Prepare("SELECT timestamp, id FROM linktree WHERE task = $1 AND author = $2 AND uuid = $3", 3);
        _get = Prepare(
            """
            SELECT author, signature, data, timestamp, id FROM linktree
            WHERE task = $1 AND substr(id, 1, 8) = substr($2, 1, 8) AND id = $2
            """,
            2);
        _list = Prepare(
            """
            SELECT author, signature, data, timestamp, id FROM linktree
            WHERE task = $1 AND (timestamp, id) > ($2, $3) ORDER BY timestamp, id LIMIT $4
            """,
            4);
        _changes = Prepare(
            """
            SELECT number, kind, author, uuid, added_timestamp, added_id FROM change
            WHERE task = $1 AND number > $2 ORDER BY number LIMIT $3
            """,
            3);
    }

    public ValueTask<IReadOnlyList<LinktreeId>> PutNewAsync(IReadOnlyList<SignedLinktree> batch)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var ids = new List<LinktreeId>(batch.Count);
        _beginWriting.ExecuteNonQuery();
        foreach (var record in batch)
        {
            var (id, author, uuid) = (record.Id.AsSpan().ToArray(), record.Author.AsSpan().ToArray(), Encoding.UTF8.GetBytes(record.Uuid));
            var (tombstone, signature, data) = (record.IsTombstone ? 1L : 0L, record.Signature.AsSpan().ToArray(), record.Data.ToArray());
            var inserted = Bind(_insert, _task, record.Timestamp, id, author, uuid, tombstone, signature, data).ExecuteNonQuery();
            Bind(_append, _task, ++_number, author, uuid, record.Timestamp, id, now).ExecuteNonQuery();
            if (inserted == 1)
                ids.Add(record.Id);
        }

        Bind(_count, _task, _number).ExecuteNonQuery();
        _commit.ExecuteNonQuery();
        return ValueTask.FromResult<IReadOnlyList<LinktreeId>>(ids);
    }

    public ValueTask<IReadOnlyList<LinktreeId>> PutHeldAsync(IReadOnlyList<SignedLinktree> batch)
    {
        var ids = new List<LinktreeId>(batch.Count);
        _begin.ExecuteNonQuery();
        foreach (var record in batch)
        {
            using var reader = Bind(_find, _task, record.Author.AsSpan().ToArray(), Encoding.UTF8.GetBytes(record.Uuid)).ExecuteReader();
            if (reader.Read() && reader.GetInt64(0) == record.Timestamp && record.Id.AsSpan().SequenceEqual(reader.GetFieldValue<byte[]>(1)))
                ids.Add(record.Id);
        }

        _commit.ExecuteNonQuery();
        return ValueTask.FromResult<IReadOnlyList<LinktreeId>>(ids);
    }

    public ValueTask<IReadOnlyList<LinktreeId>> GetAsync(IReadOnlyList<LinktreeId> ids)
    {
        var rows = new List<BareRow>(ids.Count);
        _begin.ExecuteNonQuery();
        foreach (var id in ids)
            ReadRows(Bind(_get, _task, id.AsSpan().ToArray()), rows);
        _commit.ExecuteNonQuery();
        return ValueTask.FromResult(BareRow.Ids(rows));
    }

    public ValueTask<IReadOnlyList<LinktreeId>> ListNextAsync(int limit)
    {
        var rows = new List<BareRow>(limit);
        ReadRows(Bind(_list, _task, _listed.Timestamp, _listed.Id, (long)limit), rows);
        if (rows.Count > 0)
            _listed = (rows[^1].Timestamp, rows[^1].Id);
        return ValueTask.FromResult(BareRow.Ids(rows));
    }

    public ValueTask<IReadOnlyList<LinktreeId>> ReadChangesAsync(int limit)
    {
        var changes = new List<BareChange>(limit);
        using (var reader = Bind(_changes, _task, _read, (long)limit).ExecuteReader())
        {
            while (reader.Read())
            {
                changes.Add(new BareChange(
                    reader.GetInt64(0),
                    reader.GetInt32(1),
                    reader.GetFieldValue<byte[]>(2),
                    reader.GetFieldValue<byte[]>(3),
                    reader.GetInt64(4),
                    reader.GetFieldValue<byte[]>(5)));
            }
        }

        _read += changes.Count;
        return ValueTask.FromResult(BareChange.Ids(changes));
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static void ReadRows(SqliteCommand command, List<BareRow> rows)
    {
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            rows.Add(new BareRow(
                reader.GetFieldValue<byte[]>(0),
                reader.GetFieldValue<byte[]>(1),
                reader.GetFieldValue<byte[]>(2),
                reader.GetInt64(3),
                reader.GetFieldValue<byte[]>(4)));
        }
    }

    private SqliteCommand Prepare(string sql, int parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var number = 1; number <= parameters; number++)
            command.Parameters.Add(new SqliteParameter { ParameterName = string.Create(CultureInfo.InvariantCulture, $"${number}") });
        command.Prepare();
        return command;
    }

    private static SqliteCommand Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i];
        return command;
    }
}
