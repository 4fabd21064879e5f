namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>The store without a database, which shows what the contract itself costs.</summary>
internal sealed class InMemoryArena(Workload workload) : IArena
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

    public Task<IContestant> OpenOwnAsync() => OwnStore.OpenAsync(_store);

    public Task<IContestant?> OpenBareAsync(bool toWrite) => Task.FromResult<IContestant?>(null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
