namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>The records that are stored, each of another author, in the pages in which they are; and their ids as a stranger would ask for them, in no order.</summary>
internal sealed class Workload
{
    internal const int PageSize = 512;

    internal Workload(int count)
    {
        var records = ProfileRecords.Forge(count);
        LinktreeId[] ids = [.. records.Select(record => record.Id)];
        Pages = [.. records.Chunk(PageSize)];
        AverageBytes = (int)records.Average(record => record.Data.Length);
        new Random(count).Shuffle(ids);
        IdPages = [.. ids.Chunk(PageSize)];
        Options = new DbSharingOptions { TaskId = "benchmark" };
        Options.MaxRecords = Math.Max(Options.MaxRecords, count);
        Options.MaxRetainedChanges = Math.Max(Options.MaxRetainedChanges, count);
    }

    internal IReadOnlyList<SignedLinktree[]> Pages { get; }

    internal IReadOnlyList<LinktreeId[]> IdPages { get; }

    internal int Count => Pages.Sum(page => page.Length);

    internal int AverageBytes { get; }

    /// <summary>A task whose limits the records keep.</summary>
    internal DbSharingOptions Options { get; }
}
