using System.Collections.Concurrent;
using System.Globalization;

namespace Koii.Ed25519.Tests;

/// <summary>
/// The library against the slow reference on seeded random signatures of every kind that the rule tells apart. The
/// environment variable <c>KOII_DBSHARING_TEST_SIGNATURES</c> asks for another number of them.
/// </summary>
[TestFixture]
internal sealed class Ed25519DifferentialTests
{
    private const int Seed = 20260101;
    private const int DefaultSignatures = 100_000;
    private const int LargestBatch = 300;

    // Which part of a batch is of any kind; the rest is valid. Where most are bad, a batch is soon settled one by one,
    // so not all may be so.
    private static readonly double[] Mixtures = [0, 0.1, 0.5, 1, 1, 1];

    [Test]
    public void Single_check_and_batch_give_the_verdict_of_the_reference_on_every_path()
    {
        var signatures = ReadNumberOfSignatures();
        var batches = DrawBatches(signatures);
        TestContext.Out.WriteLine($"seed {Seed}, {signatures} signatures in {batches.Count} batches");
        SignatureKind.ExpectMany();

        var verified = new ConcurrentDictionary<string, int>();
        var differences = new ConcurrentQueue<string>();
        var allCores = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, batches.Count, allCores, i => VerifyBatch(batches[i], verified, differences));

        foreach (var kind in SignatureKind.All)
            TestContext.Out.WriteLine($"{verified.GetValueOrDefault(kind.Name),7} {kind}");
        Assert.That(differences.Take(10), Is.Empty);
        Assert.That(verified.Values.Sum(), Is.EqualTo(signatures));
        Assert.That(verified.Keys, Is.EquivalentTo(SignatureKind.All.Select(kind => kind.Name)));
    }

    private static void VerifyBatch(Batch batch, ConcurrentDictionary<string, int> verified, ConcurrentQueue<string> differences)
    {
        var random = new Random(Seed + batch.Number);
        var kinds = new SignatureKind[batch.Size];
        for (var i = 0; i < kinds.Length; i++)
            kinds[i] = random.GetItems(random.NextDouble() < batch.Mixture ? SignatureKind.All : SignatureKind.Valid, 1)[0];

        var signatures = Array.ConvertAll(kinds, kind => kind.Make(random));
        var verdicts = Array.ConvertAll(signatures, signature => signature.IsValidByReference);
        Compare("the kind", Array.ConvertAll(kinds, kind => kind.IsValid));
        foreach (var path in VectorPaths.All)
        {
            Compare($"a single check on {path}", Array.ConvertAll(signatures, signature => signature.IsValidOn(path)));
            Compare($"a batch on {path}", signatures.AreValidOn(path));
        }

        foreach (var kind in kinds)
            verified.AddOrUpdate(kind.Name, 1, (_, count) => count + 1);

        void Compare(string verifier, bool[] others)
        {
            for (var i = 0; i < verdicts.Length; i++)
            {
                if (others[i] != verdicts[i])
                    differences.Enqueue($"The reference says {verdicts[i]}, {verifier} {others[i]}: {kinds[i]}, {i} of {batch}, {signatures[i]}");
            }
        }
    }

    /// <summary>Small batches and large ones, as many of 1 to 17 as of 17 to 300.</summary>
    private static List<Batch> DrawBatches(int signatures)
    {
        var random = new Random(Seed);
        var batches = new List<Batch>();
        while (signatures > 0)
        {
            var size = Math.Min((int)Math.Pow(LargestBatch + 1, random.NextDouble()), signatures);
            batches.Add(new Batch(batches.Count, size, random.GetItems(Mixtures, 1)[0]));
            signatures -= size;
        }

        return batches;
    }

    private static int ReadNumberOfSignatures() =>
        Environment.GetEnvironmentVariable("KOII_DBSHARING_TEST_SIGNATURES") is { Length: > 0 } text
            ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
            : DefaultSignatures;

    private sealed record Batch(int Number, int Size, double Mixture);
}
