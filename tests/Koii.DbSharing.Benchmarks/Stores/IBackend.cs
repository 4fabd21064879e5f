namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>A kind of database, with separate data on the same disk for the store and for its driver.</summary>
internal interface IBackend : IAsyncDisposable
{
    /// <summary>The name in the table.</summary>
    string Name { get; }

    /// <summary>The versions of database and driver, or <see langword="null"/> without a driver.</summary>
    string? Description { get; }

    /// <summary>Deletes the data.</summary>
    Task ClearAsync();

    /// <summary>Opens the data of the store.</summary>
    Task<ICandidate> OpenOwnAsync();

    /// <summary>
    /// Opens the data of the driver, in tables that the store has created; <see langword="null"/> without a driver.
    /// </summary>
    Task<ICandidate?> OpenBareAsync(bool toWrite);
}
