using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>The rates of the cold pulls, at the largest count that all contenders finished and at the largest that more than one finished.</summary>
internal static class ColdPullChart
{
    internal static string ToSvg(IReadOnlyList<CompareRow> rows, string own)
    {
        var counts = rows.Where(row => row.Scenario.Kind == ScenarioKind.ColdPull)
            .GroupBy(row => row.Scenario.Count, (count, all) => (Count: count, Rows: all.ToArray()))
            .OrderByDescending(group => group.Count)
            .ToArray();
        var groups = new[]
        {
            counts.FirstOrDefault(group => group.Rows.All(row => row.Rate is not null)),
            counts.FirstOrDefault(group => group.Rows.Count(row => row.Rate is not null) > 1),
        };
        return BarChart.ToSvg(
            "Cold pull of signed records into an empty node",
            "records/s, logarithmic scale; more is better",
            [.. groups.Where(group => group.Rows is not null).DistinctBy(group => group.Count).Select(group => new BarGroup(
                string.Create(CultureInfo.InvariantCulture, $"{group.Count:N0} records"),
                [.. group.Rows.Where(row => row.Rate is not null)
                    .Select(row => new Bar(row.Contender, row.Rate!.Value, IsHighlighted: row.Contender == own))]))]);
    }
}
