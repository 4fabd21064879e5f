using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Sqlite.Tests;

public sealed class SqliteLinktreeStoreTests : SharedLinktreeStoreContract<SqliteLinktreeStore>
{
    private readonly Dictionary<SqliteLinktreeStore, SqliteFile> _files = [];

    // Each of them fsyncs all of its pages.
    protected override int Deliveries => 25;

    [TearDown]
    public async Task Delete_the_files()
    {
        foreach (var store in _files.Keys)
            await store.DisposeAsync();
        foreach (var file in _files.Values.Distinct())
            file.Dispose();
        _files.Clear();
    }

    protected override ValueTask<SqliteLinktreeStore> CreateStoreAsync(DbSharingOptions options, TimeProvider timeProvider) =>
        ValueTask.FromResult(Open(new SqliteFile(), options, timeProvider));

    protected override async ValueTask<SqliteLinktreeStore> ReopenAsync(SqliteLinktreeStore store, DbSharingOptions options, TimeProvider timeProvider)
    {
        await store.DisposeAsync();
        _files.Remove(store, out var file);
        return Open(file!, options, timeProvider);
    }

    protected override ValueTask<SqliteLinktreeStore> OpenBesideAsync(SqliteLinktreeStore other, DbSharingOptions options, TimeProvider timeProvider) =>
        ValueTask.FromResult(Open(_files[other], options, timeProvider));

    private SqliteLinktreeStore Open(SqliteFile file, DbSharingOptions options, TimeProvider timeProvider)
    {
        var store = new SqliteLinktreeStore(file.ConnectionString, options, timeProvider);
        _files.Add(store, file);
        return store;
    }
}
