using System.Runtime.CompilerServices;
using Koii.DbSharing.Signatures.Edwards25519;

namespace Koii.DbSharing.Tests.Signatures.Edwards25519;

/// <summary>No check allocates, on any path that the machine has instructions for. Emulated vectors may.</summary>
[TestFixture]
internal sealed class AllocationTests
{
    private const int BatchSize = 64;

    private static readonly (PublicKey Key, byte[] Message, LinktreeSignature Signature)[] Signatures =
    [
        .. Enumerable.Range(0, BatchSize)
            .Select(seed => SignatureKind.Honest(new Random(seed)))
            .Select(honest => (new PublicKey(honest.Key), honest.Message, new LinktreeSignature(honest.Signature))),
    ];

    private static IEnumerable<VectorPath> Accelerated => VectorPaths.All.Where(VectorPaths.IsAccelerated);

    [Test]
    public void Check_of_one_allocates_nothing([ValueSource(nameof(Accelerated))] VectorPath path, [Values] bool remembersKeys)
    {
        var keys = remembersKeys ? new KeyCache() : null;
        var areValid = true;
        Assert.That(Allocations.Least(() =>
        {
            foreach (var (key, message, signature) in Signatures)
                areValid &= SignatureEquation.Verify(path, key, message, signature, keys);
        }), Is.Zero);
        Assert.That(areValid, Is.True);
    }

    [Test]
    public void Batch_allocates_itself_and_nothing_for_its_checks(
        [ValueSource(nameof(Accelerated))] VectorPath path, [Values] bool remembersKeys, [Values] bool hasABadOne)
    {
        var keys = remembersKeys ? new KeyCache() : null;
        var valid = new bool[BatchSize];
        var itself = Allocations.Least(() => RuntimeHelpers.GetUninitializedObject(typeof(SignatureBatch)));
        Assert.That(Allocations.Least(() =>
        {
            using var batch = new SignatureBatch(BatchSize, path, keys);
            for (var i = 0; i < BatchSize; i++)
            {
                var (key, message, signature) = Signatures[i];
                batch.Add(key, i == 11 && hasABadOne ? Signatures[0].Message : message, signature);
            }

            batch.Verify(valid);
        }), Is.AtMost(itself));
        Assert.That(valid.Count(isValid => isValid), Is.EqualTo(hasABadOne ? BatchSize - 1 : BatchSize));
    }
}
