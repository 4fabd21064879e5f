namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>A row of the table: how long an operation takes our store, and the driver alone.</summary>
internal sealed class Row
{
    /// <summary>Some tenths of a second: so often the contestants take turns, so that what else the machine does meets both alike.</summary>
    private const int StepsOfTurn = 8;

    private readonly Operation _operation;
    private readonly Workload _workload;
    private readonly TimeSpan[] _own, _bare;

    internal Row(string arena, Operation operation, Workload workload)
    {
        Arena = arena;
        _operation = operation;
        _workload = workload;
        var turns = (workload.Pages.Count + StepsOfTurn - 1) / StepsOfTurn;
        _own = [.. Enumerable.Repeat(TimeSpan.MaxValue, turns)];
        _bare = [.. _own];
    }

    internal string Arena { get; }

    internal string Operation => _operation.Name;

    /// <summary>The sum of all turns, each as in the round in which it was fastest: a turn does the same in each round, and what disturbs it only makes it longer.</summary>
    internal TimeSpan Own => Sum(_own);

    internal TimeSpan? Bare => _bare[0] == TimeSpan.MaxValue ? null : Sum(_bare);

    internal double? Ratio => Own / Bare;

    /// <summary>Managed memory that ours allocates, in bytes.</summary>
    internal long Allocated { get; private set; } = long.MaxValue;

    /// <summary>Runs the operation to its end; answers with what a contestant lost, if one did.</summary>
    internal async Task<IReadOnlyList<string>> RunAsync(IContestant own, IContestant? bare)
    {
        GC.Collect();
        var ofOwn = new Run(_operation, own, _workload);
        var ofBare = bare is null ? null : new Run(_operation, bare, _workload);
        for (var turn = 0; turn < _own.Length; turn++)
        {
            if (turn % 2 == 0)
                await TakeTurnAsync(ofOwn, _own, turn);
            await TakeTurnAsync(ofBare, _bare, turn);
            if (turn % 2 != 0)
                await TakeTurnAsync(ofOwn, _own, turn);
        }

        Allocated = Math.Min(Allocated, ofOwn.Allocated);
        return [.. new[] { Loss("ours", ofOwn), Loss("the driver", ofBare) }.OfType<string>()];
    }

    private static async Task TakeTurnAsync(Run? run, TimeSpan[] fastest, int turn)
    {
        if (run is null)
            return;
        var time = await run.GoOnAsync(StepsOfTurn);
        fastest[turn] = time < fastest[turn] ? time : fastest[turn];
    }

    private string? Loss(string contestant, Run? run) => run?.FindLoss() is { } loss ? $"{Arena}, {Operation}, {contestant}: {loss}." : null;

    private static TimeSpan Sum(TimeSpan[] times) => times.Aggregate((sum, time) => sum + time);
}
