namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>An operation on all records of a workload, with one step for each of its batches.</summary>
/// <param name="Name">The name in the table.</param>
/// <param name="Step">Runs the step with a number.</param>
internal sealed record Operation(string Name, Func<ICandidate, Workload, int, ValueTask<IReadOnlyList<LinktreeId>>> Step)
{
    internal static IReadOnlyList<Operation> Writing { get; } =
    [
        new("put, new", (candidate, workload, batch) => candidate.PutNewAsync(workload.Batches[batch])),
        new("put, held", (candidate, workload, batch) => candidate.PutHeldAsync(workload.Batches[batch])),
    ];

    internal static IReadOnlyList<Operation> Reading { get; } =
    [
        new("get by id", (candidate, workload, batch) => candidate.GetAsync(workload.IdBatches[batch])),
        new("list", (candidate, workload, _) => candidate.ListNextAsync(workload.BatchSize)),
        new("change feed", (candidate, workload, _) => candidate.ReadChangesAsync(workload.BatchSize)),
    ];
}
