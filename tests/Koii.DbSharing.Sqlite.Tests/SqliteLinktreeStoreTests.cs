using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Sqlite.Tests;

public sealed class SqliteLinktreeStoreTests : DurableLinktreeStoreContract<SqliteLinktreeStore>
{
    private readonly Dictionary<SqliteLinktreeStore, SqliteFile> _files = [];

    protected override int ChangesKept => 2000;

    // Each of them fsyncs all of its pages.
    protected override int Deliveries => 25;

    [TearDown]
    public async Task Delete_the_files()
    {
        foreach (var (store, file) in _files)
        {
            await store.DisposeAsync();
            file.Dispose();
        }

        _files.Clear();
    }

    protected override ValueTask<SqliteLinktreeStore> CreateStoreAsync(DbSharingOptions options)
    {
        var file = new SqliteFile();
        return ValueTask.FromResult(Open(file, options, TimeProvider.System));
    }

    protected override async ValueTask<SqliteLinktreeStore> ReopenAsync(SqliteLinktreeStore store, DbSharingOptions options, TimeProvider timeProvider)
    {
        await store.DisposeAsync();
        _files.Remove(store, out var file);
        return Open(file!, options, timeProvider);
    }

    private SqliteLinktreeStore Open(SqliteFile file, DbSharingOptions options, TimeProvider timeProvider)
    {
        var store = new SqliteLinktreeStore(file.ConnectionString, options, timeProvider, ChangesKept);
        _files.Add(store, file);
        return store;
    }
}
