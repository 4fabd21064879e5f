using BenchmarkDotNet.Attributes;
using Koii.DbSharing.Records;
using Koii.DbSharing.Sqlite;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Benchmarks;

/// <summary>Pages of 512 records into a store; SQLite writes each to the disk before it answers. The mean is that of one record.</summary>
public class PutBenchmarks
{
    private const int PageSize = 512;
    private const int Pages = 20;
    private const int Count = Pages * PageSize;

    private static readonly DbSharingOptions Options = new() { TaskId = "benchmark" };

    private SignedLinktree[][] _pages = [];
    private DirectoryInfo? _directory;
    private ILinktreeStore _store = null!;

    /// <summary>Which store.</summary>
    [Params("InMemory", "Sqlite")]
    public string Store { get; set; } = "";

    /// <summary>Makes the records.</summary>
    [GlobalSetup(Target = nameof(PutNew))]
    public void SetUp() => _pages = [.. ProfileRecords.Forge(Count).Chunk(PageSize)];

    /// <summary>Makes the records and a store that holds them.</summary>
    [GlobalSetup(Target = nameof(PutHeld))]
    public async Task SetUpHeld()
    {
        SetUp();
        Open();
        await PutAsync(PutOutcome.Inserted);
    }

    /// <summary>Opens an empty store.</summary>
    [IterationSetup(Target = nameof(PutNew))]
    public void Open()
    {
        if (Store == "InMemory")
        {
            _store = new InMemoryLinktreeStore(Options);
            return;
        }

        _directory = Directory.CreateTempSubdirectory("koii-dbsharing-benchmark-");
        var store = new SqliteLinktreeStore($"Data Source={Path.Combine(_directory.FullName, "linktrees.db")}", Options);
        // The file is opened by the first call, which is not what is measured.
        store.PutAsync([]).AsTask().GetAwaiter().GetResult();
        _store = store;
    }

    /// <summary>Closes and deletes the store.</summary>
    [IterationCleanup(Target = nameof(PutNew))]
    [GlobalCleanup(Target = nameof(PutHeld))]
    public void Close()
    {
        (_store as IAsyncDisposable)?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _directory?.Delete(recursive: true);
        _directory = null;
    }

    /// <summary>Records of authors that the store does not know.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public Task PutNew() => PutAsync(PutOutcome.Inserted);

    /// <summary>Records that are held already.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public Task PutHeld() => PutAsync(PutOutcome.Unchanged);

    private async Task PutAsync(PutOutcome expected)
    {
        foreach (var page in _pages)
        {
            foreach (var outcome in await _store.PutAsync(page))
            {
                if (outcome != expected)
                    throw new InvalidOperationException($"A record was {outcome}, not {expected}.");
            }
        }
    }
}
