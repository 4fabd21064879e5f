using Koii.DbSharing.Storage;

using static Koii.DbSharing.StoreContract.SampleLinktrees;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// What every <see cref="ILinktreeStore"/> does: one test for each sentence of the interface and of protocol §1 that concerns stores. To prove a store of your own, derive a
/// fixture; a store that keeps its records when it is closed derives <see cref="DurableLinktreeStoreContract{TStore}"/> instead.
/// </summary>
/// <typeparam name="TStore">The store. It is disposed of after each test where it can be.</typeparam>
public abstract partial class LinktreeStoreContract<TStore>
    where TStore : class, ILinktreeStore, ILinktreeChangeFeed
{
    private readonly List<TStore> _stores = [];

    /// <summary>Makes an empty store that shares nothing with the ones before.</summary>
    /// <param name="options">The settings. Each of them that concerns stores is varied by some test.</param>
    /// <param name="timeProvider">The only clock that the store may look at.</param>
    protected abstract ValueTask<TStore> CreateStoreAsync(DbSharingOptions options, TimeProvider timeProvider);

    [TearDown]
    public async Task Dispose_of_the_stores()
    {
        foreach (var store in _stores)
            await DisposeAsync(store);
        _stores.Clear();
    }

    private protected async Task<TStore> NewStoreAsync(int linktreesPerAuthor = 16, long maxRecords = 1_000_000) =>
        Track(await CreateStoreAsync(Options(linktreesPerAuthor, maxRecords), TimeProvider.System));

    private protected TStore Track(TStore store)
    {
        _stores.Add(store);
        return store;
    }

    private protected static async ValueTask DisposeAsync(TStore store)
    {
        if (store is IAsyncDisposable asynchronous)
            await asynchronous.DisposeAsync();
        else if (store is IDisposable disposable)
            disposable.Dispose();
    }

    /// <summary>Everything a store holds, read page by page; asserts that the pages ascend.</summary>
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
                Assert.That(page.Next, Is.EqualTo(linktrees[^1].Version), "the next page goes on after the last record");
            query = query with { After = page.Next };
        }
        while (query.After is not null);

        return linktrees;
    }
}
