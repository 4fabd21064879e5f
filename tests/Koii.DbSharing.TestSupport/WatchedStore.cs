using System.Collections.Concurrent;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.TestSupport;

/// <summary>A store that reports when it holds the records that a test awaits.</summary>
public sealed class WatchedStore(InMemoryLinktreeStore store) : ILinktreeStore, ILinktreeChangeFeed
{
    private readonly ConcurrentDictionary<LinktreeId, TaskCompletionSource> _awaited = [];

    public Task HoldsAsync(IEnumerable<SignedLinktree> linktrees) => Task.WhenAll(linktrees.Select(linktree => Awaited(linktree.Id).Task));

    public async ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default)
    {
        var outcomes = await store.PutAsync(linktrees, cancellationToken);
        foreach (var linktree in linktrees)
            Awaited(linktree.Id).TrySetResult();
        return outcomes;
    }

    public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default) =>
        store.GetVersionsAsync(keys, cancellationToken);

    public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) => store.GetAsync(ids, cancellationToken);

    public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default) => store.ListAsync(query, cancellationToken);

    public ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default) => store.ReadChangesAsync(after, limit, cancellationToken);

    private TaskCompletionSource Awaited(LinktreeId id) => _awaited.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
