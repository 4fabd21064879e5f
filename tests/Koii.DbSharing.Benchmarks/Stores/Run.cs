using System.Diagnostics;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>One contestant's way through an operation. What it answers is looked at in the end, outside of what is timed.</summary>
internal sealed class Run(Operation operation, IContestant contestant, Workload workload)
{
    private readonly List<IReadOnlyList<LinktreeId>> _answers = [];

    /// <summary>Managed memory in bytes.</summary>
    internal long Allocated { get; private set; }

    /// <summary>Does the next steps, and says how long they took.</summary>
    internal async Task<TimeSpan> GoOnAsync(int steps)
    {
        var (allocated, start) = (GC.GetTotalAllocatedBytes(), Stopwatch.GetTimestamp());
        for (var end = Math.Min(_answers.Count + steps, workload.Pages.Count); _answers.Count < end;)
            _answers.Add(await operation.Step(contestant, workload, _answers.Count));
        var time = Stopwatch.GetElapsedTime(start);
        Allocated += GC.GetTotalAllocatedBytes() - allocated;
        return time;
    }

    /// <summary>What is wrong with the answers, or <see langword="null"/>.</summary>
    internal string? FindLoss()
    {
        HashSet<LinktreeId> missing = [.. workload.IdPages.SelectMany(ids => ids)];
        var (all, wrong) = (missing.Count, _answers.SelectMany(ids => ids).Count(id => !missing.Remove(id)));
        return missing.Count + wrong == 0 ? null : $"of {all} records {missing.Count} were missing, and {wrong} came twice or were none of them";
    }
}
