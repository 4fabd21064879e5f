using BenchmarkDotNet.Attributes;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Benchmarks;

/// <summary>From a text to its canonical bytes (protocol §1). Goal: 400 MB/s on profile records.</summary>
public class CanonicalFormBenchmarks
{
    /// <summary>What is read.</summary>
    [ParamsSource(nameof(Inputs))]
    public Texts Input { get; set; } = null!;

    /// <summary>
    /// The vector of a profile as it was signed; the same with white space; 512 different profiles, which no branch predictor knows by heart; and one with numbers, whose
    /// digits have to be made anew.
    /// </summary>
    public static IEnumerable<Texts> Inputs =>
    [
        new("profile", [ProfileRecords.Vector("profile")]),
        new("white-space", [ProfileRecords.Vector("white-space")]),
        new("escaped-input", [ProfileRecords.Vector("escaped-input")]),
        new("numbers", [ProfileRecords.Vector("numbers")]),
        new("512 profiles", [.. Enumerable.Range(0, 512).Select(ProfileRecords.DataJson)]),
    ];

    /// <summary>The canonical form alone.</summary>
    [Benchmark]
    public int Canonicalize()
    {
        var bytes = 0;
        foreach (var text in Input.All)
        {
            using var canonical = CanonicalJson.Create(text, SignedLinktree.MaxDepth);
            bytes += canonical.Bytes.Length;
        }

        return bytes;
    }
}
