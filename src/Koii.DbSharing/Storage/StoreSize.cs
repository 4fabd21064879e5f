namespace Koii.DbSharing.Storage;

/// <summary>How much a store has.</summary>
/// <param name="Records">The number of records, tombstones included.</param>
/// <param name="Bytes">The number of bytes of their data.</param>
public readonly record struct StoreSize(long Records, long Bytes)
{
    /// <summary>Gets the size after a record is added.</summary>
    /// <param name="bytes">The number of bytes of its data.</param>
    /// <returns>The size.</returns>
    public StoreSize With(long bytes) => new(Records + 1, Bytes + bytes);

    /// <summary>Gets the size after a record is removed.</summary>
    /// <param name="bytes">The number of bytes of its data.</param>
    /// <returns>The size.</returns>
    public StoreSize Without(long bytes) => new(Records - 1, Bytes - bytes);
}
