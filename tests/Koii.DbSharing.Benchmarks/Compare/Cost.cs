namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>What an operation cost.</summary>
/// <param name="Duration">From the command to its answer.</param>
/// <param name="Bytes">Of the bodies that were received, as they came.</param>
/// <param name="Node">Of the process that pulls, or <see langword="null"/> where none does.</param>
/// <param name="Server">Of the process that serves, or <see langword="null"/> where it is the same.</param>
internal sealed record Cost(TimeSpan Duration, long Bytes, Usage? Node, Usage? Server)
{
    internal TimeSpan ProcessorTime => (Node?.ProcessorTime ?? TimeSpan.Zero) + (Server?.ProcessorTime ?? TimeSpan.Zero);

    public static Cost operator +(Cost left, Cost right) =>
        new(left.Duration + right.Duration, left.Bytes + right.Bytes, Usage.Add(left.Node, right.Node), Usage.Add(left.Server, right.Server));

    /// <summary>The mean of so many operations.</summary>
    public static Cost operator /(Cost cost, int operations) =>
        new(cost.Duration / operations, cost.Bytes / operations, cost.Node?.Mean(operations), cost.Server?.Mean(operations));
}

/// <summary>What a process used.</summary>
/// <param name="ProcessorTime">Of all cores.</param>
/// <param name="PeakWorkingSet">The most memory that it ever held, in bytes.</param>
internal sealed record Usage(TimeSpan ProcessorTime, long PeakWorkingSet)
{
    internal static Usage? Add(Usage? left, Usage? right) => left is null || right is null
        ? null
        : new Usage(left.ProcessorTime + right.ProcessorTime, Math.Max(left.PeakWorkingSet, right.PeakWorkingSet));

    internal Usage Mean(int operations) => this with { ProcessorTime = ProcessorTime / operations };
}
