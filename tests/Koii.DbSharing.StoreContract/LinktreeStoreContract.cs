namespace Koii.DbSharing.StoreContract;

/// <summary>
/// What every <see cref="ILinktreeStore"/> does: one test for each sentence of the interface and of protocol §1 that
/// concerns stores.
/// </summary>
/// <remarks>
/// A store that keeps its records when it is closed derives <see cref="DurableLinktreeStoreContract{TStore}"/> instead,
/// and one that implements <see cref="Storage.ILinktreeChangeFeed"/> derives
/// <see cref="LinktreeChangeFeedContract{TStore}"/> in a second fixture.
/// </remarks>
/// <typeparam name="TStore">The store.</typeparam>
public abstract partial class LinktreeStoreContract<TStore>(IStoreFactory<TStore> factory) : StoreFixture<TStore>(factory)
    where TStore : class, ILinktreeStore;
