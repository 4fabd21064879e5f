using System.Buffers.Binary;
using System.IO.Hashing;
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
        INSERT INTO koii_dbsharing.linktree
            (task, number, checksum, key_checksum, identity_hash, id_prefix, size, author, uuid, timestamp, id, tombstone, signature, data)
        SELECT $1, $2 + place, 0, 0, identity_hash, id_prefix, octet_length(data), author, uuid, timestamp, id, tombstone, signature, data
        FROM unnest($3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bigint[], $8::bytea[], $9::boolean[], $10::bytea[], $11::bytea[])
            WITH ORDINALITY AS page (identity_hash, id_prefix, author, uuid, timestamp, id, tombstone, signature, data, place)
        """;

    private const string Count = "UPDATE koii_dbsharing.task SET records = $2, changes = $2 WHERE task = $1";

    // With a lateral lookup for each key, and with task + 0, the planner uses the index of the key.
    private const string Find =
        """
        SELECT key.place, held.timestamp, held.id
        FROM unnest($2::bigint[], $3::bytea[], $4::bytea[]) WITH ORDINALITY AS key (identity, author, uuid, place)
        CROSS JOIN LATERAL (
            SELECT timestamp, id FROM koii_dbsharing.linktree
            WHERE identity_hash = key.identity AND task + 0 = $1 AND author = key.author AND uuid = key.uuid LIMIT 1) held
        """;

    private const string Get =
        """
        SELECT held.* FROM unnest($2::bigint[], $3::bytea[]) AS wanted (prefix, id)
        CROSS JOIN LATERAL (
            SELECT author, signature, data, timestamp, id FROM koii_dbsharing.linktree
            WHERE id_prefix = wanted.prefix AND task + 0 = $1 AND id = wanted.id LIMIT 1) held
        """;

    private const string List =
        """
        SELECT author, signature, data, timestamp, id FROM koii_dbsharing.linktree
        WHERE task = $1 AND (timestamp, id_prefix) > ($2, $3) ORDER BY timestamp, id_prefix LIMIT $4
        """;

    private const string Changes =
        """
        SELECT number, author, uuid, timestamp, id FROM koii_dbsharing.linktree
        WHERE task = $1 AND number > $2 ORDER BY number LIMIT $3
        """;

    private readonly NpgsqlDataSource _dataSource;
    private readonly NpgsqlConnection _connection;
    private readonly int _task;
    private long _number;
    private (long Timestamp, long IdPrefix) _listed = (-1, 0);
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
        // The driver prepares a statement when it is repeated. The server has no statistics of the new tables, and plans
        // without an index would make the comparison too easy.
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            MaxAutoPrepare = 16,
            AutoPrepareMinUsages = 2,
            Options = "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_sort=off -c jit=off",
        };
        var dataSource = NpgsqlDataSource.Create(settings);
        var connection = await dataSource.OpenConnectionAsync();
        await using var find = new NpgsqlCommand("SELECT task, changes FROM koii_dbsharing.task", connection);
        await using var reader = await find.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new BareNpgsql(dataSource, connection, reader.GetInt32(0), reader.GetInt64(1));
    }

    public async ValueTask<IReadOnlyList<LinktreeId>> PutNewAsync(IReadOnlyList<SignedLinktree> batch)
    {
        var (identities, authors, uuids) = KeysOf(batch);
        long[] prefixes = [.. batch.Select(record => PrefixOf(record.Id))];
        long[] timestamps = [.. batch.Select(record => record.Timestamp)];
        byte[][] ids = [.. batch.Select(record => record.Id.AsSpan().ToArray())];
        bool[] tombstones = [.. batch.Select(record => record.IsTombstone)];
        byte[][] signatures = [.. batch.Select(record => record.Signature.AsSpan().ToArray())];
        byte[][] datas = [.. batch.Select(record => record.Data.ToArray())];
        var insert = new NpgsqlBatchCommand(Insert)
        {
            Parameters =
            {
                Value(_task), Value(_number), Value(identities), Value(prefixes), Value(authors), Value(uuids),
                Value(timestamps), Value(ids), Value(tombstones), Value(signatures), Value(datas),
            },
        };
        _number += batch.Count;
        var count = new NpgsqlBatchCommand(Count) { Parameters = { Value(_task), Value(_number) } };
        await using var put = new NpgsqlBatch(_connection) { BatchCommands = { insert, count } };
        await put.ExecuteNonQueryAsync();
        return insert.RecordsAffected == batch.Count ? [.. batch.Select(record => record.Id)] : [];
    }

    public async ValueTask<IReadOnlyList<LinktreeId>> PutHeldAsync(IReadOnlyList<SignedLinktree> batch)
    {
        var (identities, authors, uuids) = KeysOf(batch);
        var held = new List<LinktreeId>(batch.Count);
        await using var command = new NpgsqlCommand(Find, _connection)
        {
            Parameters = { Value(_task), Value(identities), Value(authors), Value(uuids) },
        };
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
        long[] prefixes = [.. ids.Select(PrefixOf)];
        byte[][] wanted = [.. ids.Select(id => id.AsSpan().ToArray())];
        await using var command = new NpgsqlCommand(Get, _connection) { Parameters = { Value(_task), Value(prefixes), Value(wanted) } };
        return BareRow.Ids(await ReadRowsAsync(command, ids.Count));
    }

    public async ValueTask<IReadOnlyList<LinktreeId>> ListNextAsync(int limit)
    {
        await using var command = new NpgsqlCommand(List, _connection)
        {
            Parameters = { Value(_task), Value(_listed.Timestamp), Value(_listed.IdPrefix), Value(limit) },
        };
        var rows = await ReadRowsAsync(command, limit);
        if (rows.Count > 0)
            _listed = (rows[^1].Timestamp, PrefixOf(new LinktreeId(rows[^1].Id)));
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
                0,
                reader.GetFieldValue<byte[]>(1),
                reader.GetFieldValue<byte[]>(2),
                reader.GetInt64(3),
                reader.GetFieldValue<byte[]>(4)));
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

    private static (long[] Identities, byte[][] Authors, byte[][] Uuids) KeysOf(IReadOnlyList<SignedLinktree> batch)
    {
        byte[][] authors = [.. batch.Select(record => record.Author.AsSpan().ToArray())];
        byte[][] uuids = [.. batch.Select(record => Encoding.UTF8.GetBytes(record.Uuid))];
        return ([.. authors.Zip(uuids, IdentityOf)], authors, uuids);
    }

    private static long IdentityOf(byte[] author, byte[] uuid) =>
        unchecked((long)((XxHash3.HashToUInt64(author) & ~(ulong)uint.MaxValue) | (uint)XxHash3.HashToUInt64(uuid)));

    private static long PrefixOf(LinktreeId id) => BinaryPrimitives.ReadInt64BigEndian(id.AsSpan()) ^ long.MinValue;

    private static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };
}
