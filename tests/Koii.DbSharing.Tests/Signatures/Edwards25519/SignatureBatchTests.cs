using System.Numerics;
using System.Text;
using Koii.DbSharing.Records;
using Koii.DbSharing.Signatures.Edwards25519;
using static Koii.DbSharing.Tests.Signatures.ReferenceEd25519;

namespace Koii.DbSharing.Tests.Signatures.Edwards25519;

/// <summary>A batch says of each signature what the rule says of it alone, whatever stands beside it.</summary>
[TestFixture]
internal sealed class SignatureBatchTests
{
    private const int LargestBatch = 300;
    private const int Seed = 20120926;

    private static readonly SignatureCase[] Honest = Make(64, [SignatureKind.Honest]);

    // Every kind of the differential test, and as many honest ones again: good groups stand beside bad ones.
    private static readonly SignatureCase[] Mixed =
        Make(LargestBatch, [.. SignatureKind.All.SelectMany(kind => (Func<Random, SignatureCase>[])[kind.Make, SignatureKind.Honest])]);

    private static readonly bool[] MixedByOne = [.. Mixed.Select(signature => signature.IsValid)];

    private static IEnumerable<int> Sizes => [.. Enumerable.Range(0, 100), .. Enumerable.Range(0, 16).Select(i => 100 + (13 * i)), LargestBatch];

    [TestCaseSource(nameof(Sizes))]
    public void Batch_of_any_kinds_gets_the_verdicts_of_the_single_rule(int size)
    {
        Assert.That(Verify(Mixed[..size]), Is.EqualTo(MixedByOne[..size]), "the first ones");
        Assert.That(Verify(Mixed[^size..]), Is.EqualTo(MixedByOne[^size..]), "the last ones");
    }

    [Test]
    public void Batch_of_one_kind_gets_the_verdict_of_that_kind([Range(0, 11)] int kind, [Values(1, 2, 7, 16)] int size)
    {
        var random = new Random(Seed);
        var signatures = Enumerable.Range(0, size).Select(_ => SignatureKind.All[kind].Make(random)).ToArray();
        Assert.That(Verify(signatures), Is.All.EqualTo(SignatureKind.All[kind].IsValid), $"{SignatureKind.All[kind]}, seed {Seed}");
    }

    [Test]
    public void Order_of_a_batch_does_not_matter()
    {
        var random = new Random(Seed);
        for (var round = 0; round < 10; round++)
        {
            var order = Enumerable.Range(0, 64).ToArray();
            random.Shuffle(order);
            Assert.That(Verify([.. order.Select(i => Mixed[i])]), Is.EqualTo(order.Select(i => MixedByOne[i])), $"seed {Seed}, round {round}");
        }
    }

    [Test]
    public void Exactly_the_bad_ones_are_refused([Values(1, 2, 3, 5, 8, 13, 33, 64)] int size, [Values(0, 1, 2, 3, 7, 32, 63, 64)] int bad)
    {
        var random = new Random((Seed * 100) + size + bad);
        for (var round = 0; round < 3; round++)
        {
            var isGood = Enumerable.Range(0, size).Select(i => i >= bad).ToArray();
            random.Shuffle(isGood);
            var signatures = isGood.Select((good, i) => good ? Honest[i] : Spoil(Honest[i], random)).ToArray();
            Assert.That(Verify(signatures), Is.EqualTo(isGood), $"seed {Seed}, round {round}");
        }
    }

    [Test]
    public void Errors_of_S_that_cancel_without_weights_are_refused([Values(1, 2, 20)] int error)
    {
        // One key; the sum of both S is that of two good signatures.
        var (first, second) = (SignBySecret("first", 5), SignBySecret("second", 9));
        AssertBothAreRefused(WithAddedToS(first, error), WithAddedToS(second, -error));
    }

    [Test]
    public void Errors_of_R_that_cancel_without_weights_are_refused()
    {
        // The nonces differ from the logarithms of R by one and minus one.
        var message = "message"u8.ToArray();
        var (first, second) = (Multiply(6, B), Multiply(8, B));
        AssertBothAreRefused(
            SignatureCase.Sign(SignatureCase.Secret, SignatureCase.SecretsKey, 5, Encode(first), message),
            SignatureCase.Sign(SignatureCase.Secret, SignatureCase.SecretsKey, 9, Encode(second), message));
    }

    [Test]
    public void Same_bad_signature_many_times_is_refused_each_time()
    {
        var bad = WithAddedToS(Honest[0], 1);
        Assert.That(Verify([.. Enumerable.Repeat(bad, 33)]), Is.All.False);
        Assert.That(Verify([.. Enumerable.Repeat(bad, 8), .. Honest]), Is.EqualTo(Enumerable.Repeat(false, 8).Concat(Enumerable.Repeat(true, Honest.Length))));
    }

    [Test]
    public void Torsion_alone_or_cancelling_in_pairs_is_taken_as_the_single_rule_takes_it([Range(1, 7)] int multiple, [Values] bool inKey)
    {
        var first = SignWithTorsion("first", multiple, inKey);
        var second = SignWithTorsion("second", 8 - multiple, inKey);
        Assert.That(first.IsValidByReference && second.IsValidByReference, Is.True, "by the reference");

        // Several rounds, as a weight may happen to make torsion vanish.
        for (var round = 0; round < 8; round++)
        {
            Assert.That(Verify([first]), Is.All.True, "alone");
            Assert.That(Verify([first, Honest[0]]), Is.All.True, "with an honest one");
            Assert.That(Verify([first, second]), Is.All.True, "in a pair");
            Assert.That(Verify([first, WithAddedToS(Honest[0], 1), second]), Is.EqualTo(new[] { true, false, true }), "with a bad one");
        }
    }

    [Test]
    public void Batch_in_rented_room_that_others_left_dirty_gets_its_own_verdicts()
    {
        var bad = Honest.Select(signature => WithAddedToS(signature, 1)).ToArray();
        for (var round = 0; round < 3; round++)
        {
            Assert.That(Verify(Honest), Is.All.True);
            Assert.That(Verify(bad), Is.All.False);
            Assert.That(Verify(Honest[..5]), Is.All.True);
        }
    }

    private static void AssertBothAreRefused(SignatureCase first, SignatureCase second)
    {
        Assert.That(first.IsValidByReference || second.IsValidByReference, Is.False, "by the reference");
        Assert.That(Verify([first, second]), Is.All.False);
        Assert.That(Verify([Honest[0], first, Honest[1], Honest[2], second]), Is.EqualTo(new[] { true, false, true, true, false }));
    }

    private static bool[] Verify(SignatureCase[] signatures)
    {
        // Both what was true and what was false before must be set.
        var valid = Enumerable.Range(0, signatures.Length).Select(i => i % 2 == 0).ToArray();
        using var batch = new SignatureBatch(signatures.Length);
        foreach (var signature in signatures)
            batch.Add(new PublicKey(signature.Key), signature.Message, new LinktreeSignature(signature.Signature));
        batch.Verify(valid);
        return valid;
    }

    private static SignatureCase[] Make(int count, Func<Random, SignatureCase>[] kinds)
    {
        var random = new Random(Seed);
        return [.. Enumerable.Range(0, count).Select(i => kinds[i % kinds.Length](random))];
    }

    // The equation alone decides for half of them, for the others the encoding of R does, too.
    private static SignatureCase Spoil(SignatureCase signature, Random random) =>
        random.Next(2) == 0 ? WithAddedToS(signature, random.Next(1, 100)) : signature.WithFlippedSignatureBit(random.Next(256));

    private static SignatureCase WithAddedToS(SignatureCase signature, int addend) =>
        signature with { Signature = [.. signature.Signature[..32], .. Bytes(ModuloL(Number(signature.Signature.AsSpan(32)) + addend))] };

    private static SignatureCase SignBySecret(string message, BigInteger nonce) =>
        SignatureCase.Sign(SignatureCase.Secret, SignatureCase.SecretsKey, nonce, Encode(Multiply(nonce, B)), Encoding.UTF8.GetBytes(message));

    private static SignatureCase SignWithTorsion(string message, int multiple, bool inKey)
    {
        var (torsion, none) = (SmallOrderPoints[multiple], SmallOrderPoints[0]);
        var key = Encode(Add(Multiply(SignatureCase.Secret, B), inKey ? torsion : none));
        var r = Encode(Add(Multiply(SignatureCase.Nonce, B), inKey ? none : torsion));
        return SignatureCase.Sign(SignatureCase.Secret, key, SignatureCase.Nonce, r, Encoding.UTF8.GetBytes(message));
    }
}
