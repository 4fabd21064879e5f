using System.Numerics;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests;

/// <summary>
/// The reference has a slow and a less slow way; what is compared with it must not depend on which of them it went.
/// </summary>
[TestFixture]
internal sealed class ReferenceEd25519Tests
{
    private const int Seed = 1965;

    private static readonly BigInteger[] Ends = [0, 1, 2, 63, 64, 255, 256, L - 1, L, L + 1, (BigInteger.One << 256) - 1];

    [Test]
    public void Multiple_of_B_is_that_of_any_point()
    {
        var random = new Random(Seed);
        foreach (var n in Ends.Concat(Enumerable.Range(0, 20).Select(_ => SignatureKind.RandomScalar(random))))
            Assert.That(AreSame(MultiplyB(n), Multiply(n, B)), Is.True, $"{n}, seed {Seed}");
    }

    [Test]
    public void Verdict_is_the_same_for_points_that_were_expected()
    {
        var random = new Random(Seed);
        var signatures = SignatureKind.All.SelectMany(kind => Enumerable.Range(0, 4).Select(_ => kind.Make(random))).ToArray();
        var verdicts = signatures.Select(signature => signature.IsValidByReference).ToArray();

        foreach (var signature in signatures)
        {
            foreach (var encoding in (byte[][])[signature.Key, signature.Signature[..32]])
            {
                if (Decode(encoding) is not null)
                    Expect(encoding);
            }
        }

        Assert.That(signatures.Select(signature => signature.IsValidByReference), Is.EqualTo(verdicts), $"seed {Seed}");
    }
}
