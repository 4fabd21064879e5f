namespace Koii.DbSharing.StoreContract;

/// <summary>Creates stores that keep their records when they are closed.</summary>
/// <typeparam name="TStore">The store.</typeparam>
public interface IDurableStoreFactory<TStore> : IStoreFactory<TStore>
    where TStore : class, ILinktreeStore
{
    /// <summary>Closes a store and opens another one with the same data.</summary>
    /// <param name="store">The store to close.</param>
    /// <param name="options">The settings of the new store.</param>
    /// <param name="timeProvider">The clock of the new store.</param>
    /// <returns>The new store.</returns>
    ValueTask<TStore> ReopenAsync(TStore store, DbSharingOptions options, TimeProvider timeProvider);
}
