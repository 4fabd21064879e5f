using System.Diagnostics;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>An operation of one candidate. Its results are checked at the end, outside the measured time.</summary>
internal sealed class Run(Operation operation, ICandidate candidate, Workload workload)
{
    private readonly List<IReadOnlyList<LinktreeId>> _results = [];

    /// <summary>The managed memory that was allocated, in bytes.</summary>
    internal long Allocated { get; private set; }

    /// <summary>Runs the next steps and returns their time.</summary>
    internal async Task<TimeSpan> ContinueAsync(int steps)
    {
        var (allocated, start) = (GC.GetTotalAllocatedBytes(), Stopwatch.GetTimestamp());
        for (var end = Math.Min(_results.Count + steps, workload.Batches.Count); _results.Count < end;)
            _results.Add(await operation.Step(candidate, workload, _results.Count));
        var time = Stopwatch.GetElapsedTime(start);
        Allocated += GC.GetTotalAllocatedBytes() - allocated;
        return time;
    }

    /// <summary>Returns what is wrong with the results, or <see langword="null"/>.</summary>
    internal string? FindLoss()
    {
        HashSet<LinktreeId> missing = [.. workload.IdBatches.SelectMany(ids => ids)];
        var (all, wrong) = (missing.Count, _results.SelectMany(ids => ids).Count(id => !missing.Remove(id)));
        return missing.Count + wrong == 0 ? null : $"of {all} records {missing.Count} are missing, and {wrong} results are repeated or unknown";
    }
}
