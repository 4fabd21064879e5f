namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>
/// A store, or the driver of its database, whose operations are timed. Each step returns the ids of the records that it
/// stored, found or read; over a whole operation these must be all records, once each.
/// </summary>
internal interface ICandidate : IAsyncDisposable
{
    /// <summary>Stores records; returns those that were new.</summary>
    ValueTask<IReadOnlyList<LinktreeId>> PutNewAsync(IReadOnlyList<SignedLinktree> batch);

    /// <summary>Puts records again; returns those that are stored.</summary>
    ValueTask<IReadOnlyList<LinktreeId>> PutHeldAsync(IReadOnlyList<SignedLinktree> batch);

    /// <summary>Reads records by their ids.</summary>
    ValueTask<IReadOnlyList<LinktreeId>> GetAsync(IReadOnlyList<LinktreeId> ids);

    /// <summary>Reads the next page of all records, from the oldest on.</summary>
    ValueTask<IReadOnlyList<LinktreeId>> ListNextAsync(int limit);

    /// <summary>Reads the next page of changes, from the first on.</summary>
    ValueTask<IReadOnlyList<LinktreeId>> ReadChangesAsync(int limit);
}
