namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>
/// What is timed: one of our stores, or the driver of its database alone. Each step answers with the ids of the records that it stored, found or read; in the course of an
/// operation that must be every record once.
/// </summary>
internal interface IContestant : IAsyncDisposable
{
    /// <summary>Stores records; answers with those that were new.</summary>
    ValueTask<IReadOnlyList<LinktreeId>> PutNewAsync(IReadOnlyList<SignedLinktree> page);

    /// <summary>Puts records again; answers with those that are held.</summary>
    ValueTask<IReadOnlyList<LinktreeId>> PutHeldAsync(IReadOnlyList<SignedLinktree> page);

    /// <summary>Reads records by their ids.</summary>
    ValueTask<IReadOnlyList<LinktreeId>> GetAsync(IReadOnlyList<LinktreeId> ids);

    /// <summary>Reads the next page of all records, from the oldest on.</summary>
    ValueTask<IReadOnlyList<LinktreeId>> ListOnAsync(int limit);

    /// <summary>Reads the next page of changes, from the first on.</summary>
    ValueTask<IReadOnlyList<LinktreeId>> ReadOnAsync(int limit);
}
