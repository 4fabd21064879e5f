using BenchmarkDotNet.Attributes;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Benchmarks;

/// <summary>From a peer's list to pages of well-formed records. The mean is that of one record.</summary>
public class ListReadingBenchmarks
{
    private const int Count = 4096;

    private ListLimits _limits = null!;

    /// <summary>What is read.</summary>
    [ParamsSource(nameof(Inputs))]
    public Texts Input { get; set; } = null!;

    /// <summary>A list in the form of <c>/all</c>.</summary>
    public static IEnumerable<Texts> Inputs => [new("list of profiles", [ProfileRecords.ToList(ProfileRecords.Forge(Count))])];

    /// <summary>Takes the limits of a node.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var limits = new DbSharingOptions().PeerLimits;
        _limits = new ListLimits(limits.MaxListBytes, limits.MaxListElements, limits.MaxElementBytes);
    }

    /// <summary>Reads the list from memory.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public async Task<int> ReadList()
    {
        var records = 0;
        await foreach (var page in LinktreeReader.ReadListAsync(new MemoryStream(Input.All[0]), _limits, CancellationToken.None))
            records += page.Linktrees.Count;
        return records == Count ? records : throw new InvalidOperationException($"{records} of {Count} records were read.");
    }
}
