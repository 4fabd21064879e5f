namespace Koii.DbSharing.StoreContract;

/// <summary>Creates stores whose data several stores can have open at once, as several processes do.</summary>
/// <typeparam name="TStore">The store.</typeparam>
public interface ISharedStoreFactory<TStore> : IDurableStoreFactory<TStore>
    where TStore : class, ILinktreeStore
{
    /// <summary>Opens another store with the data of one that stays open.</summary>
    /// <param name="store">The store that is open. It may not have been called yet.</param>
    /// <param name="options">The settings of the new store, for the same task or another one.</param>
    /// <param name="timeProvider">The clock of the new store.</param>
    /// <returns>The new store.</returns>
    ValueTask<TStore> OpenSecondAsync(TStore store, DbSharingOptions options, TimeProvider timeProvider);
}
