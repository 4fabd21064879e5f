namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>What is done to all records of a workload, in as many steps as it has pages.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Step">Does the step of a number.</param>
internal sealed record Operation(string Name, Func<IContestant, Workload, int, ValueTask<IReadOnlyList<LinktreeId>>> Step)
{
    internal static IReadOnlyList<Operation> Writing { get; } =
    [
        new("put, new", (contestant, workload, page) => contestant.PutNewAsync(workload.Pages[page])),
        new("put, held", (contestant, workload, page) => contestant.PutHeldAsync(workload.Pages[page])),
    ];

    internal static IReadOnlyList<Operation> Reading { get; } =
    [
        new("get by id", (contestant, workload, page) => contestant.GetAsync(workload.IdPages[page])),
        new("list", (contestant, _, _) => contestant.ListOnAsync(Workload.PageSize)),
        new("change feed", (contestant, _, _) => contestant.ReadOnAsync(Workload.PageSize)),
    ];
}
