namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>Records in batches, each of another author, and their ids in random order.</summary>
internal sealed class Workload
{
    internal Workload(int count, int batchSize)
    {
        BatchSize = batchSize;
        var records = ProfileRecords.Forge(count);
        LinktreeId[] ids = [.. records.Select(record => record.Id)];
        Batches = [.. records.Chunk(BatchSize)];
        AverageBytes = (int)records.Average(record => record.Data.Length);
        new Random(count).Shuffle(ids);
        IdBatches = [.. ids.Chunk(BatchSize)];
        Options = new DbSharingOptions { TaskId = "benchmark" };
        Options.MaxRecords = Math.Max(Options.MaxRecords, count);
        Options.MaxRetainedChanges = Math.Max(Options.MaxRetainedChanges, count);
    }

    /// <summary>The number of records that are passed to one call.</summary>
    internal int BatchSize { get; }

    internal IReadOnlyList<SignedLinktree[]> Batches { get; }

    internal IReadOnlyList<LinktreeId[]> IdBatches { get; }

    internal int Count => Batches.Sum(batch => batch.Length);

    internal int AverageBytes { get; }

    /// <summary>The settings of a task whose limits the records do not exceed.</summary>
    internal DbSharingOptions Options { get; }
}
