using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>A store of the packages.</summary>
internal sealed class OwnStore : ICandidate
{
    private readonly ILinktreeStore _store;
    private readonly ILinktreeChangeFeed _feed;
    private LinktreeQuery? _next = new() { IncludeTombstones = true };
    private ChangePosition _position = ChangePosition.Start;

    private OwnStore(ILinktreeStore store) => (_store, _feed) = (store, (ILinktreeChangeFeed)store);

    /// <summary>Opens the store by its first call.</summary>
    internal static async Task<ICandidate> OpenAsync(ILinktreeStore store)
    {
        await ((ILinktreeChangeFeed)store).ReadChangesAsync(ChangePosition.Latest, 1);
        return new OwnStore(store);
    }

    public ValueTask<IReadOnlyList<LinktreeId>> PutNewAsync(IReadOnlyList<SignedLinktree> batch) => PutAsync(batch, PutOutcome.Inserted);

    public ValueTask<IReadOnlyList<LinktreeId>> PutHeldAsync(IReadOnlyList<SignedLinktree> batch) => PutAsync(batch, PutOutcome.Unchanged);

    public async ValueTask<IReadOnlyList<LinktreeId>> GetAsync(IReadOnlyList<LinktreeId> ids) => Ids(await _store.GetAsync(ids));

    public async ValueTask<IReadOnlyList<LinktreeId>> ListNextAsync(int limit)
    {
        // A page of the store also ends with its size.
        var ids = new List<LinktreeId>(limit);
        while (_next is not null && ids.Count < limit)
        {
            var page = await _store.ListAsync(_next with { Limit = limit - ids.Count });
            _next = page.Next is null ? null : _next with { After = page.Next };
            ids.AddRange(Ids(page.Linktrees));
        }

        return ids;
    }

    public async ValueTask<IReadOnlyList<LinktreeId>> ReadChangesAsync(int limit)
    {
        var page = await _feed.ReadChangesAsync(_position, limit);
        _position = page.Next;
        return [.. page.Changes.Where(change => change.Kind == LinktreeChangeKind.Inserted).Select(change => change.Added!.Value.Id)];
    }

    public ValueTask DisposeAsync() => _store is IAsyncDisposable disposable ? disposable.DisposeAsync() : ValueTask.CompletedTask;

    private async ValueTask<IReadOnlyList<LinktreeId>> PutAsync(IReadOnlyList<SignedLinktree> batch, PutOutcome expected)
    {
        var outcomes = await _store.PutAsync(batch);
        return [.. batch.Where((_, i) => outcomes[i] == expected).Select(record => record.Id)];
    }

    private static LinktreeId[] Ids(IReadOnlyList<SignedLinktree> linktrees) => [.. linktrees.Select(linktree => linktree.Id)];
}
