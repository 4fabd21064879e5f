using System.Collections.Concurrent;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>A store in memory whose puts wait until the test lets them go.</summary>
internal sealed class GatedStore(DbSharingOptions options) : ILinktreeStore, ILinktreeChangeFeed
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource<Put>> _puts = [];
    private readonly InMemoryLinktreeStore _store = new(options);
    private int _started;

    /// <summary>How many puts were started.</summary>
    public int Started => Volatile.Read(ref _started);

    /// <summary>Waits until a put is started; the first one is 0. A put that is never started fails the test.</summary>
    public Task<Put> StartedAsync(int index) => GetStarted(index).Task.WaitAsync(TimeSpan.FromSeconds(30));

    public async ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default)
    {
        var put = new Put([.. linktrees]);
        var index = Interlocked.Increment(ref _started) - 1;
        GetStarted(index).SetResult(put);
        await put.Gate.Task;
        return await _store.PutAsync(linktrees, CancellationToken.None);
    }

    public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default) =>
        _store.GetVersionsAsync(keys, cancellationToken);

    public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) =>
        _store.GetAsync(ids, cancellationToken);

    public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default) => _store.ListAsync(query, cancellationToken);

    public ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default) =>
        _store.ReadChangesAsync(after, limit, cancellationToken);

    /// <summary>Lets all puts go until a task completes.</summary>
    public async Task LetAllGoUntilAsync(Task completed)
    {
        for (var index = 0; await Task.WhenAny(completed, GetStarted(index).Task) != completed; index++)
            (await GetStarted(index).Task).LetGo();
    }

    /// <summary>Stores records without a gate, as if they had been held before.</summary>
    public async Task HoldAsync(params SignedLinktree[] linktrees) => await _store.PutAsync(linktrees);

    private TaskCompletionSource<Put> GetStarted(int index) =>
        _puts.GetOrAdd(index, _ => new TaskCompletionSource<Put>(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>A put that waits.</summary>
    public sealed record Put(IReadOnlyList<SignedLinktree> Records)
    {
        internal TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void LetGo() => Gate.TrySetResult();

        public void Fail(Exception exception) => Gate.SetException(exception);
    }
}
