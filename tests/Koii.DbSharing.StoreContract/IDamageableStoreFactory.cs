namespace Koii.DbSharing.StoreContract;

/// <summary>Creates durable stores whose stored records a test can damage.</summary>
/// <typeparam name="TStore">The store.</typeparam>
public interface IDamageableStoreFactory<TStore> : IDurableStoreFactory<TStore>
    where TStore : class, ILinktreeStore
{
    /// <summary>Changes one column of a stored record below the store, as a fault of the disk does.</summary>
    /// <param name="store">The store, which is open.</param>
    /// <param name="record">The record.</param>
    /// <param name="column">
    /// <c>author</c>, <c>uuid</c>, <c>timestamp</c>, <c>id</c>, <c>tombstone</c>, <c>signature</c>, <c>checksum</c> or <c>data</c>.
    /// </param>
    /// <returns>A task that completes when the column is changed.</returns>
    ValueTask DamageAsync(TStore store, SignedLinktree record, string column);

    /// <summary>Whether the change feed of the store reads a column. It does not verify one that it does not read.</summary>
    /// <param name="column">The column, not <c>data</c>.</param>
    /// <returns>By default <see langword="true"/>.</returns>
    bool IsReadByChangeFeed(string column) => true;
}
