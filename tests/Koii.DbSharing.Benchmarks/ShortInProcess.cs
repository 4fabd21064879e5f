using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Koii.DbSharing.Benchmarks;

/// <summary>How all benchmarks run: shortly, and in this process, so that nothing is generated and built beside the solution.</summary>
internal static class ShortInProcess
{
    internal static IConfig Config { get; } = ManualConfig.CreateEmpty()
        .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(8))
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .AddColumn(StatisticColumn.OperationsPerSecond, new ThroughputColumn())
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddExporter(MarkdownExporter.GitHub)
        .AddLogger(ConsoleLogger.Default)
        .HideColumns(Column.Job, Column.InvocationCount, Column.UnrollFactor, Column.Error)
        .WithOptions(ConfigOptions.JoinSummary);
}
