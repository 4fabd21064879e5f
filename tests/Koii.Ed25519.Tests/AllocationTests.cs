namespace Koii.Ed25519.Tests;

/// <summary>
/// Verification allocates nothing on the paths that the machine has instructions for. Emulated vectors may allocate.
/// </summary>
[TestFixture]
internal sealed class AllocationTests
{
    private const int BatchSize = 64;

    private static readonly SignatureCase[] Signatures = [.. Enumerable.Range(0, BatchSize).Select(seed => SignatureKind.Honest(new Random(seed)))];

    private static IEnumerable<VectorPath> Accelerated => VectorPaths.All.Where(VectorPaths.IsAccelerated);

    [Test]
    public void Single_check_allocates_nothing([ValueSource(nameof(Accelerated))] VectorPath path)
    {
        var areValid = true;
        Assert.That(Allocations.Least(() =>
        {
            foreach (var (key, message, signature) in Signatures)
                areValid &= SignatureEquation.Verify(path, key, message, signature);
        }), Is.Zero);
        Assert.That(areValid, Is.True);
    }

    [Test]
    public void Message_that_does_not_fit_the_stack_allocates_nothing([ValueSource(nameof(Accelerated))] VectorPath path)
    {
        var message = new byte[262_144];
        Assert.That(Allocations.Least(() => SignatureEquation.Verify(path, Signatures[0].Key, message, Signatures[0].Signature)), Is.Zero);
    }

    [Test]
    public void Batch_allocates_nothing([ValueSource(nameof(Accelerated))] VectorPath path, [Values] bool hasCache, [Values] bool hasInvalid)
    {
        using var batch = new Ed25519BatchVerifier(BatchSize, hasCache ? new Ed25519KeyCache() : null, path);
        var valid = new bool[BatchSize];
        Assert.That(Allocations.Least(() =>
        {
            for (var i = 0; i < BatchSize; i++)
            {
                var (key, message, signature) = Signatures[i];
                batch.Add(key, i == 11 && hasInvalid ? Signatures[0].Message : message, signature);
            }

            batch.Verify(valid);
        }), Is.Zero);
        Assert.That(valid.Count(isValid => isValid), Is.EqualTo(hasInvalid ? BatchSize - 1 : BatchSize));
    }
}
