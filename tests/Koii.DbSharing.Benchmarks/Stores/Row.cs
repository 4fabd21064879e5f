namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>A row of the table: the times of an operation with the store and with the driver alone.</summary>
internal sealed class Row
{
    /// <summary>
    /// The candidates alternate after some tenths of a second, so that other load on the machine affects both.
    /// </summary>
    private const int StepsPerSlice = 8;

    private readonly Operation _operation;
    private readonly Workload _workload;
    private readonly TimeSpan[] _own, _bare;

    internal Row(string backend, Operation operation, Workload workload)
    {
        Backend = backend;
        _operation = operation;
        _workload = workload;
        var slices = (workload.Batches.Count + StepsPerSlice - 1) / StepsPerSlice;
        _own = [.. Enumerable.Repeat(TimeSpan.MaxValue, slices)];
        _bare = [.. _own];
    }

    internal string Backend { get; }

    internal string Operation => _operation.Name;

    /// <summary>
    /// The sum of the fastest time of each slice: a slice does the same in each round, and other load only makes it
    /// slower.
    /// </summary>
    internal TimeSpan Own => Sum(_own);

    internal TimeSpan? Bare => _bare[0] == TimeSpan.MaxValue ? null : Sum(_bare);

    internal double? Ratio => Own / Bare;

    /// <summary>The managed memory that the store allocates, in bytes.</summary>
    internal long Allocated { get; private set; } = long.MaxValue;

    /// <summary>Runs the whole operation; returns which records a candidate lost, if any.</summary>
    internal async Task<IReadOnlyList<string>> RunAsync(ICandidate own, ICandidate? bare)
    {
        GC.Collect();
        var ofOwn = new Run(_operation, own, _workload);
        var ofBare = bare is null ? null : new Run(_operation, bare, _workload);
        for (var slice = 0; slice < _own.Length; slice++)
        {
            if (slice % 2 == 0)
                await RunSliceAsync(ofOwn, _own, slice);
            await RunSliceAsync(ofBare, _bare, slice);
            if (slice % 2 != 0)
                await RunSliceAsync(ofOwn, _own, slice);
        }

        Allocated = Math.Min(Allocated, ofOwn.Allocated);
        return [.. new[] { Loss("the store", ofOwn), Loss("the driver", ofBare) }.OfType<string>()];
    }

    private static async Task RunSliceAsync(Run? run, TimeSpan[] fastest, int slice)
    {
        if (run is null)
            return;
        var time = await run.ContinueAsync(StepsPerSlice);
        fastest[slice] = time < fastest[slice] ? time : fastest[slice];
    }

    private string? Loss(string candidate, Run? run) => run?.FindLoss() is { } loss
        ? $"{Backend}, {Operation}, {candidate}: {loss}."
        : null;

    private static TimeSpan Sum(TimeSpan[] times) => times.Aggregate((sum, time) => sum + time);
}
