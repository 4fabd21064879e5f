namespace Koii.DbSharing.StoreContract;

/// <summary>Creates the stores that a contract tests. The author of a store implements it once for all contracts.</summary>
/// <remarks>The contract disposes the stores after each test, and the factory after the last test of a fixture.</remarks>
/// <typeparam name="TStore">The store.</typeparam>
public interface IStoreFactory<TStore> : IAsyncDisposable
    where TStore : class, ILinktreeStore
{
    /// <summary>Creates an empty store that shares no data with the stores before it.</summary>
    /// <param name="options">The settings of the store. Each setting that concerns stores is varied by some test.</param>
    /// <param name="timeProvider">The only clock that the store may use.</param>
    /// <returns>The store.</returns>
    ValueTask<TStore> CreateAsync(DbSharingOptions options, TimeProvider timeProvider);

    /// <summary>Deletes the data of all stores. By default it does nothing.</summary>
    /// <returns>A task that completes when the data is deleted.</returns>
    ValueTask IAsyncDisposable.DisposeAsync() => ValueTask.CompletedTask;
}
