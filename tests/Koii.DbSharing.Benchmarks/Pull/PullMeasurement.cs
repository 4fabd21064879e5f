namespace Koii.DbSharing.Benchmarks.Pull;

/// <summary>What one cold pull did and cost.</summary>
/// <param name="Records">How many records the peer serves.</param>
/// <param name="Inserted">How many of them were stored.</param>
/// <param name="Failure">What kept the pull from its end, or <see langword="null"/>.</param>
/// <param name="Duration">Of the round: from the call to the report, with everything that the first round of a process costs.</param>
/// <param name="ProcessorTime">Of all cores, during the round. Unlike <paramref name="Duration"/> it hardly minds what else the machine does.</param>
/// <param name="BytesOnTheWire">Of the answer's body, compressed as it came.</param>
/// <param name="PeakWorkingSet">The most memory that the process ever held, in bytes, the runtime and its libraries included.</param>
/// <param name="Allocated">Managed memory that the round allocated in sum, in bytes.</param>
internal sealed record PullMeasurement(
    int Records,
    long Inserted,
    string? Failure,
    TimeSpan Duration,
    TimeSpan ProcessorTime,
    long BytesOnTheWire,
    long PeakWorkingSet,
    long Allocated)
{
    public bool IsComplete => Failure is null && Inserted == Records;

    public double RecordsPerSecond => Inserted / Duration.TotalSeconds;
}
