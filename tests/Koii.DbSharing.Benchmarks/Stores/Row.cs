namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>A row of the table: how long an operation takes our store, and the driver alone, when each was fastest. What disturbs a run only makes it longer.</summary>
internal sealed class Row(string arena, Operation operation, Workload workload)
{
    /// <summary>Some tenths of a second: so often the contestants take turns, so that what else the machine does meets both alike.</summary>
    private const int StepsOfTurn = 8;

    internal string Arena { get; } = arena;

    internal string Operation { get; } = operation.Name;

    internal TimeSpan Own { get; private set; } = TimeSpan.MaxValue;

    internal TimeSpan? Bare { get; private set; }

    internal long Allocated { get; private set; } = long.MaxValue;

    internal double? Ratio => Own / Bare;

    /// <summary>Runs the operation to its end; answers with what a contestant lost, if one did.</summary>
    internal async Task<IReadOnlyList<string>> RunAsync(IContestant own, IContestant? bare)
    {
        GC.Collect();
        Run[] runs = bare is null ? [new Run(operation, own, workload)] : [new Run(operation, own, workload), new Run(operation, bare, workload)];
        for (var done = 0; done < workload.Pages.Count; done += StepsOfTurn)
        {
            foreach (var run in done / StepsOfTurn % 2 == 0 ? runs : runs.Reverse())
                await run.GoOnAsync(StepsOfTurn);
        }

        Own = Own < runs[0].Time ? Own : runs[0].Time;
        Allocated = Math.Min(Allocated, runs[0].Allocated);
        if (bare is not null)
            Bare = Bare < runs[1].Time ? Bare : runs[1].Time;
        return [.. runs.Zip(["ours", "the driver"], (run, who) => run.FindLoss() is { } loss ? $"{Arena}, {Operation}, {who}: {loss}." : "").Where(loss => loss.Length > 0)];
    }
}
