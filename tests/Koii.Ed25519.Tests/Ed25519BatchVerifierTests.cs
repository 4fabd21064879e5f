using System.Numerics;
using System.Text;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests;

/// <summary>A batch says of each signature what the rule says of it alone, whatever stands beside it.</summary>
[TestFixtureSource(typeof(VectorPaths), nameof(VectorPaths.All))]
internal sealed class SignatureBatchTests(VectorPath path)
{
    private const int LargestBatch = 300;
    private const int Seed = 20120926;

    private static readonly SignatureCase[] Honest = Make(LargestBatch, [SignatureKind.Honest]);

    // Every kind of the differential test, and as many honest ones again: good groups stand beside bad ones.
    private static readonly SignatureCase[] Mixed =
        Make(LargestBatch, [.. SignatureKind.All.SelectMany(kind => (Func<Random, SignatureCase>[])[kind.Make, SignatureKind.Honest])]);

    private static readonly bool[] MixedByReference = [.. Mixed.Select(signature => signature.IsValidByReference)];

    [Test]
    public void Single_check_gives_the_verdict_of_the_reference() =>
        Assert.That(Mixed.Select(signature => signature.IsValidOn(path)), Is.EqualTo(MixedByReference));

    [Test]
    public void Batch_of_any_kinds_and_any_size_gets_the_verdicts_of_the_single_rule() =>
        Parallel.For(0, LargestBatch + 1, size =>
        {
            // From anywhere, so that not the same ones are always in the first half.
            var start = (37 * size) % (LargestBatch - size + 1);
            Assert.That(Verify(Mixed[start..(start + size)]), Is.EqualTo(MixedByReference[start..(start + size)]), $"{size} from {start}");
        });

    [Test]
    public void Batch_of_one_kind_gets_the_verdict_of_that_kind([Values(1, 2, 7, 16, 64)] int size)
    {
        var random = new Random(Seed);
        foreach (var kind in SignatureKind.All)
        {
            var signatures = Enumerable.Range(0, size).Select(_ => kind.Make(random)).ToArray();
            Assert.That(Verify(signatures), Is.All.EqualTo(kind.IsValid), $"{kind}, seed {Seed}");
        }
    }

    [Test]
    public void Order_of_a_batch_does_not_matter()
    {
        var random = new Random(Seed);
        for (var round = 0; round < 10; round++)
        {
            var order = Enumerable.Range(0, 64).ToArray();
            random.Shuffle(order);
            Assert.That(Verify([.. order.Select(i => Mixed[i])]), Is.EqualTo(order.Select(i => MixedByReference[i])), $"seed {Seed}, round {round}");
        }
    }

    /// <summary>
    /// All sizes to 64, where blocks of four and eight end anywhere, and some beyond; none bad, few, half, nearly all
    /// and all.
    /// </summary>
    [Test]
    public void Exactly_the_bad_ones_are_refused()
    {
        TestContext.Out.WriteLine($"seed {Seed}");
        int[] sizes = [.. Enumerable.Range(1, 64), 65, 96, 100, 127, 128, 129, 192, 255, 256, 257, 299, LargestBatch];
        Parallel.ForEach(sizes, size =>
        {
            var random = new Random(Seed + size);
            int[] numbersOfBad = [0, 1, 2, 3, 7, 32, size / 2, size - 1, size];
            foreach (var bad in numbersOfBad.Where(bad => bad <= size).Distinct())
            {
                var isGood = Enumerable.Range(0, size).Select(i => i >= bad).ToArray();
                random.Shuffle(isGood);
                var signatures = isGood.Select((good, i) => good ? Honest[i] : Spoil(Honest[i], random)).ToArray();
                Assert.That(Verify(signatures), Is.EqualTo(isGood), $"{bad} of {size} are bad");
            }
        });
    }

    [Test]
    public void One_bad_one_is_found_wherever_it_stands([Values(2, 3, 17, 64)] int size)
    {
        var random = new Random(Seed);
        for (var position = 0; position < size; position++)
        {
            var signatures = Honest[..size];
            signatures[position] = Spoil(signatures[position], random);
            Assert.That(Verify(signatures), Is.EqualTo(Enumerable.Range(0, size).Select(i => i != position)), $"position {position}, seed {Seed}");
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
        Assert.That(Verify([.. Enumerable.Repeat(bad, 8), .. Honest[..64]]), Is.EqualTo(Enumerable.Repeat(false, 8).Concat(Enumerable.Repeat(true, 64))));
    }

    [Test]
    public void Torsion_alone_or_canceling_in_pairs_is_taken_as_the_single_rule_takes_it([Range(1, 7)] int multiple, [Values] bool inKey)
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

    private void AssertBothAreRefused(SignatureCase first, SignatureCase second)
    {
        Assert.That(first.IsValidByReference || second.IsValidByReference, Is.False, "by the reference");
        Assert.That(Verify([first, second]), Is.All.False);
        Assert.That(Verify([Honest[0], first, Honest[1], Honest[2], second]), Is.EqualTo(new[] { true, false, true, true, false }));
    }

    private bool[] Verify(SignatureCase[] signatures) => signatures.AreValidOn(path);

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
