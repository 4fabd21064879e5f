using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>Creates stores for the contract, in one database: each set of data consists of tasks of its own.</summary>
/// <param name="hasWeakKeys">Whether indexes find many records for each key.</param>
internal sealed class PostgreSqlStoreFactory(bool hasWeakKeys = false) : ISharedStoreFactory<PostgreSqlLinktreeStore>
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

    public ValueTask DisposeAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;

    private PostgreSqlLinktreeStore Open(string data, DbSharingOptions options, TimeProvider timeProvider)
    {
        // The store reads the options when it is constructed, and a test may pass them again.
        var taskId = options.TaskId;
        options.TaskId = $"{data}.{taskId}";
        var store = new PostgreSqlLinktreeStore(_database!.ConnectionString, options, timeProvider) { HasWeakKeys = hasWeakKeys };
        options.TaskId = taskId;
        _data.Add(store, data);
        return store;
    }
}
