namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>An operation that is measured with each contender.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Title">Its name in the table.</param>
/// <param name="Count">How many records a peer holds.</param>
/// <param name="RecordsRead">How many records the original reads and verifies in one operation.</param>
/// <param name="Units">How many units of the rate are done in one operation.</param>
/// <param name="Unit">The unit of the rate.</param>
/// <param name="RunAsync">Measures a contender.</param>
internal sealed record Scenario(
    ScenarioKind Kind, string Title, int Count, int RecordsRead, int Units, string Unit, Func<Contender, Task<Outcome>> RunAsync);

internal enum ScenarioKind
{
    ColdPull,
    NothingNew,
    Changes,
    Lists,
}

/// <summary>What one operation cost on average, or why there is no figure.</summary>
/// <param name="Cost">The cost, or <see langword="null"/>.</param>
/// <param name="Note">The reason in the table where there is no cost.</param>
/// <param name="Failure">What went wrong, or <see langword="null"/>.</param>
internal sealed record Outcome(Cost? Cost, string Note = "", string? Failure = null)
{
    internal static Outcome Measured(Cost cost, bool isComplete) =>
        isComplete ? new Outcome(cost) : new Outcome(null, "wrong", "Not every record arrived.");
}
