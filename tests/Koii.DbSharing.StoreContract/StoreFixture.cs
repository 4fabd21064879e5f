using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

/// <summary>Creates the stores of a test and disposes them: the base of all contracts.</summary>
/// <typeparam name="TStore">The store.</typeparam>
public abstract class StoreFixture<TStore>
    where TStore : class, ILinktreeStore
{
    private readonly IStoreFactory<TStore> _factory;
    private readonly List<TStore> _stores = [];

    private protected StoreFixture(IStoreFactory<TStore> factory) => _factory = factory;

    /// <summary>
    /// How many random deliveries or histories a property test tries. Override it to shorten a slow test or to search
    /// longer.
    /// </summary>
    protected virtual int Deliveries => 100;

    [TearDown]
    public async Task Dispose_the_stores()
    {
        foreach (var store in _stores)
            await DisposeAsync(store);
        _stores.Clear();
    }

    [OneTimeTearDown]
    public async Task Delete_the_data() => await _factory.DisposeAsync();

    private protected Task<TStore> NewStoreAsync(int linktreesPerAuthor = 16, long maxRecords = 1_000_000, long maxBytes = 1L << 30) =>
        NewStoreAsync(Options(linktreesPerAuthor, maxRecords, maxBytes: maxBytes), TimeProvider.System);

    private protected async Task<TStore> NewStoreAsync(DbSharingOptions options, TimeProvider timeProvider) =>
        Track(await CreateUntrackedAsync(options, timeProvider));

    /// <summary>Creates a store that the test itself disposes.</summary>
    private protected ValueTask<TStore> CreateUntrackedAsync(DbSharingOptions options, TimeProvider timeProvider) =>
        _factory.CreateAsync(options, timeProvider);

    /// <summary>Runs a test on a store that is disposed at once, since a property tries many.</summary>
    private protected async Task<bool> WithNewStoreAsync(DbSharingOptions options, Func<TStore, Task<bool>> test)
    {
        var store = await CreateUntrackedAsync(options, TimeProvider.System);
        try
        {
            return await test(store);
        }
        finally
        {
            await DisposeAsync(store);
        }
    }

    /// <summary>Disposes a store after the test.</summary>
    private protected TStore Track(TStore store)
    {
        _stores.Add(store);
        return store;
    }

    /// <summary>Lists all records of a store page by page, and asserts that they ascend.</summary>
    private protected static async Task<List<SignedLinktree>> ListAllAsync(ILinktreeStore store, LinktreeQuery? query = null)
    {
        query ??= new LinktreeQuery { IncludeTombstones = true };
        var linktrees = new List<SignedLinktree>();
        LinktreePage page;
        do
        {
            page = await store.ListAsync(query);
            Assert.That(page.Linktrees, Has.Count.LessThanOrEqualTo(query.Limit));
            foreach (var linktree in page.Linktrees)
            {
                Assert.That(linktrees.Count == 0 || linktrees[^1].Version < linktree.Version, "each record is newer than the one before it");
                linktrees.Add(linktree);
            }

            if (page.Next is not null)
                Assert.That(page.Next, Is.EqualTo(linktrees[^1].Version), "the next page starts after the last record");
            query = query with { After = page.Next };
        }
        while (query.After is not null);

        return linktrees;
    }

    private protected static async ValueTask DisposeAsync(TStore store)
    {
        if (store is IAsyncDisposable asynchronous)
            await asynchronous.DisposeAsync();
        else if (store is IDisposable disposable)
            disposable.Dispose();
    }
}
