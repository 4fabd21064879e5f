using System.Text;
using Npgsql;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>
/// Writes the same rows to the same tables as the store, with Npgsql only: one prepared batch and one transaction for
/// each batch of records, which are passed as arrays. It checks no limit, compares no version and takes no lock but
/// those of its rows.
/// </summary>
internal sealed class BareNpgsql : ICandidate
{
    private const string Insert =
        """
        INSERT INTO koii_dbsharing.linktree (task, author, uuid, timestamp, id, tombstone, signature, data)
        SELECT $1, * FROM unnest($2::bytea[], $3::bytea[], $4::bigint[], $5::bytea[], $6::boolean[], $7::bytea[], $8::bytea[])
        """;

    private const string Append =
        """
        INSERT INTO koii_dbsharing.change (task, number, at, kind, author, uuid, added_timestamp, added_id)
        SELECT $1, $2 + place, $3, 0, author, uuid, timestamp, id
        FROM unnest($4::bytea[], $5::bytea[], $6::bigint[], $7::bytea[]) WITH ORDINALITY AS page (author, uuid, timestamp, id, place)
        """;

    private const string Count = "UPDATE koii_dbsharing.task SET records = $2, changes = $2 WHERE task = $1";

    // With a lateral lookup for each key the planner uses the index, whatever its statistics of the table are.
    private const string Find =
        """
        SELECT key.place, held.timestamp, held.id
        FROM unnest($2::bytea[], $3::bytea[]) WITH ORDINALITY AS key (author, uuid, place)
        CROSS JOIN LATERAL (
            SELECT timestamp, id FROM koii_dbsharing.linktree WHERE task = $1 AND author = key.author AND uuid = key.uuid LIMIT 1) held
        """;

    private const string Get =
        """
        SELECT held.* FROM unnest($2::bytea[]) AS wanted (id)
        CROSS JOIN LATERAL (
            SELECT author, signature, data, timestamp, id FROM koii_dbsharing.linktree
            WHERE task = $1 AND substring(id FROM 1 FOR 8) = substring(wanted.id FROM 1 FOR 8) AND id = wanted.id LIMIT 1) held
        """;

    private const string List =
        """
        SELECT author, signature, data, timestamp, id FROM koii_dbsharing.linktree
        WHERE task = $1 AND (timestamp, id) > ($2, $3) ORDER BY timestamp, id LIMIT $4
        """;

    private const string Changes =
        """
        SELECT number, kind, author, uuid, added_timestamp, added_id FROM koii_dbsharing.change
        WHERE task = $1 AND number > $2 ORDER BY number LIMIT $3
        """;

    private readonly NpgsqlDataSource _dataSource;
    private readonly NpgsqlConnection _connection;
    private readonly int _task;
    private long _number;
    private (long Timestamp, byte[] Id) _listed = (-1, []);
    private long _read;

    private BareNpgsql(NpgsqlDataSource dataSource, NpgsqlConnection connection, int task, long number)
    {
        _dataSource = dataSource;
        _connection = connection;
        _task = task;
        _number = number;
    }

    internal static async Task<ICandidate> OpenAsync(string connectionString)
    {
        // The driver prepares a statement when it is repeated.
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { MaxAutoPrepare = 16, AutoPrepareMinUsages = 2 };
        var dataSource = NpgsqlDataSource.Create(settings);
        var connection = await dataSource.OpenConnectionAsync();
        await using var find = new NpgsqlCommand("SELECT task, changes FROM koii_dbsharing.task", connection);
        await using var reader = await find.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new BareNpgsql(dataSource, connection, reader.GetInt32(0), reader.GetInt64(1));
    }

    public async ValueTask<IReadOnlyList<LinktreeId>> PutNewAsync(IReadOnlyList<SignedLinktree> batch)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var (authors, uuids) = KeysOf(batch);
        long[] timestamps = [.. batch.Select(record => record.Timestamp)];
        byte[][] ids = [.. batch.Select(record => record.Id.AsSpan().ToArray())];
        bool[] tombstones = [.. batch.Select(record => record.IsTombstone)];
        byte[][] signatures = [.. batch.Select(record => record.Signature.AsSpan().ToArray())];
        byte[][] datas = [.. batch.Select(record => record.Data.ToArray())];
        var insert = new NpgsqlBatchCommand(Insert)
        {
            Parameters =
            {
                Value(_task), Value(authors), Value(uuids), Value(timestamps), Value(ids), Value(tombstones), Value(signatures), Value(datas),
            },
        };
        var append = new NpgsqlBatchCommand(Append)
        {
            Parameters = { Value(_task), Value(_number), Value(now), Value(authors), Value(uuids), Value(timestamps), Value(ids) },
        };
        _number += batch.Count;
        var count = new NpgsqlBatchCommand(Count) { Parameters = { Value(_task), Value(_number) } };
        await using var put = new NpgsqlBatch(_connection) { BatchCommands = { insert, append, count } };
        await put.ExecuteNonQueryAsync();
        return insert.RecordsAffected == batch.Count ? [.. batch.Select(record => record.Id)] : [];
    }

    public async ValueTask<IReadOnlyList<LinktreeId>> PutHeldAsync(IReadOnlyList<SignedLinktree> batch)
    {
        var (authors, uuids) = KeysOf(batch);
        var held = new List<LinktreeId>(batch.Count);
        await using var command = new NpgsqlCommand(Find, _connection) { Parameters = { Value(_task), Value(authors), Value(uuids) } };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var record = batch[(int)reader.GetInt64(0) - 1];
            if (reader.GetInt64(1) == record.Timestamp && record.Id.AsSpan().SequenceEqual(reader.GetFieldValue<byte[]>(2)))
                held.Add(record.Id);
        }

        return held;
    }

    public async ValueTask<IReadOnlyList<LinktreeId>> GetAsync(IReadOnlyList<LinktreeId> ids)
    {
        byte[][] wanted = [.. ids.Select(id => id.AsSpan().ToArray())];
        await using var command = new NpgsqlCommand(Get, _connection) { Parameters = { Value(_task), Value(wanted) } };
        return BareRow.Ids(await ReadRowsAsync(command, ids.Count));
    }

    public async ValueTask<IReadOnlyList<LinktreeId>> ListNextAsync(int limit)
    {
        await using var command = new NpgsqlCommand(List, _connection)
        {
            Parameters = { Value(_task), Value(_listed.Timestamp), Value(_listed.Id), Value(limit) },
        };
        var rows = await ReadRowsAsync(command, limit);
        if (rows.Count > 0)
            _listed = (rows[^1].Timestamp, rows[^1].Id);
        return BareRow.Ids(rows);
    }

    public async ValueTask<IReadOnlyList<LinktreeId>> ReadChangesAsync(int limit)
    {
        var changes = new List<BareChange>(limit);
        await using var command = new NpgsqlCommand(Changes, _connection) { Parameters = { Value(_task), Value(_read), Value(limit) } };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            changes.Add(new BareChange(
                reader.GetInt64(0),
                reader.GetInt16(1),
                reader.GetFieldValue<byte[]>(2),
                reader.GetFieldValue<byte[]>(3),
                reader.GetInt64(4),
                reader.GetFieldValue<byte[]>(5)));
        }

        _read += changes.Count;
        return BareChange.Ids(changes);
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _dataSource.DisposeAsync();
    }

    private static async Task<List<BareRow>> ReadRowsAsync(NpgsqlCommand command, int capacity)
    {
        var rows = new List<BareRow>(capacity);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add(new BareRow(
                reader.GetFieldValue<byte[]>(0),
                reader.GetFieldValue<byte[]>(1),
                reader.GetFieldValue<byte[]>(2),
                reader.GetInt64(3),
                reader.GetFieldValue<byte[]>(4)));
        }

        return rows;
    }

    private static (byte[][] Authors, byte[][] Uuids) KeysOf(IReadOnlyList<SignedLinktree> batch) =>
        ([.. batch.Select(record => record.Author.AsSpan().ToArray())], [.. batch.Select(record => Encoding.UTF8.GetBytes(record.Uuid))]);

    private static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };
}
