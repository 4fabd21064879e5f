using System.Globalization;
using System.IO.Hashing;
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
    // As long as a checksum; it is not read here.
    private const long Checksum = 0x0123_4567_89AB_CDEF;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin, _beginWriting, _commit, _insert, _insertData, _count, _find, _get, _list, _changes;
    private readonly long _task;
    private readonly long _seed;
    private long _number;
    private long _listed = -1; // No two records of the workload have the same timestamp.
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
                $"PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -{cacheKilobytes}");
            settings.ExecuteNonQuery();
        }

        using (var task = _connection.CreateCommand())
        {
            task.CommandText = "SELECT task, feed, changes FROM task";
            using var reader = task.ExecuteReader();
            reader.Read();
            _task = reader.GetInt64(0);
            _seed = BitConverter.ToInt64(reader.GetFieldValue<byte[]>(1));
            _number = reader.GetInt64(2);
        }

        _begin = Prepare("BEGIN", 0);
        _beginWriting = Prepare("BEGIN IMMEDIATE", 0);
        _commit = Prepare("COMMIT", 0);
        _insert = Prepare(
            """
            INSERT INTO linktree (row, task, author, uuid, uuid_hash, timestamp, id, tombstone, size, checksum, signature)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            11);
        _insertData = Prepare("INSERT INTO linktree_data (row, data) VALUES ($1, $2)", 2);
        _count = Prepare("UPDATE task SET records = $2, changes = $2 WHERE task = $1", 2);
        _find = Prepare(
            """
            SELECT timestamp, id FROM linktree
            WHERE task = $1 AND substr(author, 1, 8) = substr($2, 1, 8) AND uuid_hash = $4 AND author = $2 AND uuid = $3
            """,
            4);
        _get = Prepare(
            """
            SELECT author, signature, data, timestamp, id FROM linktree JOIN linktree_data USING (row)
            WHERE task = $1 AND substr(id, 1, 8) = substr($2, 1, 8) AND id = $2
            """,
            2);
        _list = Prepare(
            """
            SELECT author, signature, data, timestamp, id FROM linktree JOIN linktree_data USING (row)
            WHERE task = $1 AND timestamp > $2 ORDER BY timestamp LIMIT $3
            """,
            3);
        _changes = Prepare("SELECT row, 0, author, uuid, timestamp, id FROM linktree WHERE row > $1 ORDER BY row LIMIT $2", 2);
    }

    public ValueTask<IReadOnlyList<LinktreeId>> PutNewAsync(IReadOnlyList<SignedLinktree> batch)
    {
        var ids = new List<LinktreeId>(batch.Count);
        _beginWriting.ExecuteNonQuery();
        foreach (var record in batch)
        {
            var (row, id, author, uuid) =
                (RowOf(++_number), record.Id.AsSpan().ToArray(), record.Author.AsSpan().ToArray(), Encoding.UTF8.GetBytes(record.Uuid));
            var (tombstone, signature, data) = (record.IsTombstone ? 1L : 0L, record.Signature.AsSpan().ToArray(), record.Data.ToArray());
            var inserted = Bind(
                _insert, row, _task, author, uuid, HashOf(uuid), record.Timestamp, id, tombstone, (long)data.Length, Checksum, signature).ExecuteNonQuery();
            Bind(_insertData, row, data).ExecuteNonQuery();
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
            var uuid = Encoding.UTF8.GetBytes(record.Uuid);
            using var reader = Bind(_find, _task, record.Author.AsSpan().ToArray(), uuid, HashOf(uuid)).ExecuteReader();
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
        ReadRows(Bind(_list, _task, _listed, (long)limit), rows);
        if (rows.Count > 0)
            _listed = rows[^1].Timestamp;
        return ValueTask.FromResult(BareRow.Ids(rows));
    }

    public ValueTask<IReadOnlyList<LinktreeId>> ReadChangesAsync(int limit)
    {
        var changes = new List<BareChange>(limit);
        using (var reader = Bind(_changes, RowOf(_read), (long)limit).ExecuteReader())
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

    private long RowOf(long number) => (_task << 44) | number;

    private long HashOf(byte[] uuid) => (uint)XxHash3.HashToUInt64(uuid, _seed);

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
