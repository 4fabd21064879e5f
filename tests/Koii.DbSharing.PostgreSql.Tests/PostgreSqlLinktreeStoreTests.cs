using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>The contract. All stores are in one database: each set of data has tasks of its own.</summary>
public sealed class PostgreSqlLinktreeStoreTests : SharedLinktreeStoreContract<PostgreSqlLinktreeStore>
{
    private readonly Dictionary<PostgreSqlLinktreeStore, string> _data = [];
    private TestDatabase _database = null!; // the set-up makes it

    // Each of them fsyncs all of its pages.
    protected override int Deliveries => 25;

    [OneTimeSetUp]
    public async Task Make_a_database() => _database = await TestDatabase.CreateAsync();

    [OneTimeTearDown]
    public async Task Drop_the_database() => await _database.DisposeAsync();

    protected override ValueTask<PostgreSqlLinktreeStore> CreateStoreAsync(DbSharingOptions options, TimeProvider timeProvider) =>
        ValueTask.FromResult(Open(Guid.NewGuid().ToString("N"), options, timeProvider));

    protected override async ValueTask<PostgreSqlLinktreeStore> ReopenAsync(PostgreSqlLinktreeStore store, DbSharingOptions options, TimeProvider timeProvider)
    {
        await store.DisposeAsync();
        _data.Remove(store, out var data);
        return Open(data!, options, timeProvider);
    }

    protected override ValueTask<PostgreSqlLinktreeStore> OpenBesideAsync(PostgreSqlLinktreeStore other, DbSharingOptions options, TimeProvider timeProvider) =>
        ValueTask.FromResult(Open(_data[other], options, timeProvider));

    private PostgreSqlLinktreeStore Open(string data, DbSharingOptions options, TimeProvider timeProvider)
    {
        if (!options.TaskId.StartsWith(data, StringComparison.Ordinal))
            options.TaskId = $"{data}.{options.TaskId}";
        var store = new PostgreSqlLinktreeStore(_database.ConnectionString, options, timeProvider);
        _data.Add(store, data);
        return store;
    }
}
