using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>Creates stores for the contract, in one database: each set of data consists of tasks of its own.</summary>
/// <param name="hasWeakKeys">Whether indexes find many records for each key.</param>
internal sealed class PostgreSqlStoreFactory(bool hasWeakKeys = false)
    : ISharedStoreFactory<PostgreSqlLinktreeStore>, IDamageableStoreFactory<PostgreSqlLinktreeStore>
{
    private readonly Dictionary<PostgreSqlLinktreeStore, string> _data = [];
    private TestDatabase? _database;

    public async ValueTask<PostgreSqlLinktreeStore> CreateAsync(DbSharingOptions options, TimeProvider timeProvider)
    {
        _database ??= await TestDatabase.CreateAsync();
        return Open(Guid.NewGuid().ToString("N"), options, timeProvider);
    }

    public async ValueTask<PostgreSqlLinktreeStore> ReopenAsync(
        PostgreSqlLinktreeStore store, DbSharingOptions options, TimeProvider timeProvider)
    {
        await store.DisposeAsync();
        return Open(_data[store], options, timeProvider);
    }

    public ValueTask<PostgreSqlLinktreeStore> OpenSecondAsync(
        PostgreSqlLinktreeStore store, DbSharingOptions options, TimeProvider timeProvider) => new(Open(_data[store], options, timeProvider));

    public async ValueTask DamageAsync(PostgreSqlLinktreeStore store, SignedLinktree record, string column)
    {
        // Timestamp and id so that the row seems to be newer than a good copy: an older one is replaced by it anyway.
        var damaged = column switch
        {
            "timestamp" or "checksum" => $"{column} # (1::bigint << 40)",
            "tombstone" => "NOT tombstone",
            "id" => "set_byte(id, 0, 255)",
            "uuid" => "set_byte(uuid, 0, get_byte(uuid, 0) # 1)",
            _ => $"set_byte({column}, 20, get_byte({column}, 20) # 1)",
        };
        await _database!.ExecuteAsync(
            $"""
            UPDATE koii_dbsharing.linktree SET {column} = {damaged}
            WHERE id = '\x{record.Id}' AND task = (
                SELECT task FROM koii_dbsharing.task WHERE convert_from(name, 'UTF8') LIKE '{_data[store]}.%')
            """);
    }

    /// <summary>The index that the feed is read from has no signature, and therefore not the checksum that covers it.</summary>
    public bool IsReadByChangeFeed(string column) => column is not ("signature" or "checksum");

    public ValueTask DisposeAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;

    private PostgreSqlLinktreeStore Open(string data, DbSharingOptions options, TimeProvider timeProvider)
    {
        // The store reads the options when it is constructed, and a test may pass them again.
        var taskId = options.TaskId;
        options.TaskId = $"{data}.{taskId}";
        var store = new PostgreSqlLinktreeStore(_database!.ConnectionString, options, timeProvider)
        {
            HasWeakKeys = hasWeakKeys,
            ServerClock = timeProvider,
        };
        options.TaskId = taskId;
        _data.Add(store, data);
        return store;
    }
}
