namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>What a contender did in a scenario.</summary>
internal sealed record CompareRow(Scenario Scenario, string Contender, Outcome Outcome)
{
    /// <summary>Units a second, or null if it was not measured.</summary>
    internal double? Rate => Outcome.Cost is { } cost ? Scenario.Units / cost.Duration.TotalSeconds : null;
}
