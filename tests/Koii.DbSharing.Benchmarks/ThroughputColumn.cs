using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Koii.DbSharing.Benchmarks;

/// <summary>Megabytes (10⁶ bytes) of text a second, where a benchmark's parameter says how many it reads.</summary>
internal sealed class ThroughputColumn : IColumn
{
    public string Id => nameof(ThroughputColumn);

    public string ColumnName => "MB/s";

    public string Legend => "10^6 bytes of JSON text read a second";

    public bool AlwaysShow => false;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(benchmark => TextsOf(benchmark) is not null);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => TextsOf(benchmarkCase) is null;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, SummaryStyle.Default);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style)
    {
        // Bytes a nanosecond are gigabytes a second. The mean is that of one operation: a method that counts each text as one tells of all of them here.
        if (TextsOf(benchmarkCase) is not { } texts || summary[benchmarkCase]?.ResultStatistics is not { } statistics)
            return "-";
        var invocation = statistics.Mean * benchmarkCase.Descriptor.OperationsPerInvoke;
        return (texts.Bytes / invocation * 1000).ToString("N0", CultureInfo.InvariantCulture);
    }

    private static Texts? TextsOf(BenchmarkCase benchmark) => benchmark.Parameters.Items.Select(item => item.Value).OfType<Texts>().FirstOrDefault();
}
