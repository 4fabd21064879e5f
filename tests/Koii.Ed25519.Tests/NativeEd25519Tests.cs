using Koii.DbSharing.TestSupport;
using Koii.Ed25519.TestSupport;

namespace Koii.Ed25519.Tests;

/// <summary>
/// The library against implementations of others that the machine has. Their rules differ where no honest signer gets,
/// torsion above all, so only honest signatures are compared and such with a flipped bit.
/// </summary>
[TestFixture]
internal sealed class NativeEd25519Tests
{
    private const int Seed = 20110926;
    private const int Signatures = 6000;
    private const int BatchSize = 50;

    [TestCase(NativeLibraries.OpenSsl, "libssl3")]
    [TestCase(NativeLibraries.Libsodium, "libsodium23")]
    public void Verdicts_are_those_of_the_machines_library(string library, string package)
    {
        using NativeEd25519? native = library == NativeLibraries.OpenSsl ? OpenSslEd25519.TryOpen() : LibsodiumEd25519.TryOpen();
        if (native is null)
            Prerequisite.IsMissing($"This test compares with {library}: install it (on Debian and Ubuntu the package {package}).");

        TestContext.Out.WriteLine($"{native.Version}, seed {Seed}");
        var random = new Random(Seed);
        for (var number = 0; number < Signatures; number += BatchSize)
        {
            // Half of the batches are honest but for a few, so that groups pass as a whole.
            var flipped = number / BatchSize % 2 == 0 ? 0.05 : 1;
            var kinds = Enumerable.Range(0, BatchSize).Select(_ => SignatureKind.HonestAndFlipped[random.NextDouble() < flipped ? random.Next(4) : 0]).ToArray();
            var signatures = Array.ConvertAll(kinds, kind => kind.Make(random));
            var verdicts = Array.ConvertAll(signatures, signature => native.Verify(signature.Key, signature.Message, signature.Signature));
            Assert.That(verdicts, Is.EqualTo(kinds.Select(kind => kind.IsValid)), $"{library} in the batch of {number}");
            foreach (var path in VectorPaths.All)
            {
                for (var i = 0; i < BatchSize; i++)
                    Assert.That(signatures[i].IsValidOn(path), Is.EqualTo(verdicts[i]), $"on {path}: {signatures[i]}");
                Assert.That(signatures.AreValidOn(path), Is.EqualTo(verdicts), $"the batch of {number} on {path}");
            }
        }
    }
}
