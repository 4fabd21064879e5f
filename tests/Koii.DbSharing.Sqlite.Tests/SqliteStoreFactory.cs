using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>Creates stores for the contract, each with a file of its own.</summary>
internal sealed class SqliteStoreFactory : ISharedStoreFactory<SqliteLinktreeStore>
{
    private readonly Dictionary<SqliteLinktreeStore, SqliteFile> _files = [];

    public ValueTask<SqliteLinktreeStore> CreateAsync(DbSharingOptions options, TimeProvider timeProvider) =>
        new(Open(new SqliteFile(), options, timeProvider));

    public async ValueTask<SqliteLinktreeStore> ReopenAsync(SqliteLinktreeStore store, DbSharingOptions options, TimeProvider timeProvider)
    {
        await store.DisposeAsync();
        return Open(_files[store], options, timeProvider);
    }

    public ValueTask<SqliteLinktreeStore> OpenSecondAsync(SqliteLinktreeStore store, DbSharingOptions options, TimeProvider timeProvider) =>
        new(Open(_files[store], options, timeProvider));

    public ValueTask DisposeAsync()
    {
        foreach (var file in _files.Values.Distinct())
            file.Dispose();
        return ValueTask.CompletedTask;
    }

    private SqliteLinktreeStore Open(SqliteFile file, DbSharingOptions options, TimeProvider timeProvider)
    {
        var store = new SqliteLinktreeStore(file.ConnectionString, options, timeProvider);
        _files.Add(store, file);
        return store;
    }
}
