namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>The store in memory, which shows the cost of the contract itself.</summary>
internal sealed class InMemoryBackend(Workload workload) : IBackend
{
    internal const string Store = "memory";

    private InMemoryLinktreeStore _store = new(workload.Options);

    public string Name => Store;

    public string? Description => null;

    public Task ClearAsync()
    {
        _store = new InMemoryLinktreeStore(workload.Options);
        return Task.CompletedTask;
    }

    public Task<ICandidate> OpenOwnAsync() => OwnStore.OpenAsync(_store);

    public Task<ICandidate?> OpenBareAsync(bool toWrite) => Task.FromResult<ICandidate?>(null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
