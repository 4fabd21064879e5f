using Koii.Ed25519;
using Koii.Ed25519.Tests;

namespace Koii.DbSharing.Tests.Signatures;

/// <summary>
/// BouncyCastle and the library give the same results for published vectors, honest signatures, forgeries and random
/// bytes.
/// </summary>
[TestFixture]
internal sealed class BouncyCastleSignatureVerifierTests
{
    private const int Linktrees = 4096;

    private readonly BouncyCastleSignatureVerifier _verifier = new();
    private readonly Ed25519SignatureVerifier _library = new();

    [TestCaseSource(typeof(Rfc8032Vectors), nameof(Rfc8032Vectors.Cases))]
    public void Vector_of_RFC_8032_is_valid(byte[] seed, byte[] publicKey, byte[] message, byte[] signature)
    {
        var vector = new SignatureCase(publicKey, message, signature);

        Assert.That(vector.IsValidByBouncyCastle(), Is.True);
        Assert.That(vector.WithFlippedSignatureBit(seed[0]).IsValidByBouncyCastle(), Is.False);
    }

    [Test]
    public void Linktrees_of_the_protocol_are_valid()
    {
        var vectors = ProtocolVectors.Read();
        Assert.That(vectors, Is.Not.Empty);
        foreach (var linktree in vectors.Select(ProtocolVectors.ToLinktree))
            Assert.That(_verifier.Verify(linktree), Is.True, $"{linktree}");
    }

    [Test]
    public void Honest_signatures_are_valid_as_by_the_library()
    {
        var random = Seeded(20260103);
        for (var i = 0; i < Linktrees; i++)
        {
            var linktree = SignedLinktrees.Create(random);
            Assert.That((_verifier.Verify(linktree), _library.Verify(linktree)), Is.EqualTo((true, true)), $"record {i}");
        }
    }

    [Test]
    public void One_changed_bit_makes_a_signature_invalid_as_by_the_library()
    {
        var random = Seeded(20260104);
        for (var i = 0; i < Linktrees; i++)
        {
            var honest = SignedLinktrees.Create(random).ToCase();
            SignatureCase[] forgeries =
            [
                honest.WithFlippedKeyBit(random.Next(8 * PublicKey.Size)),
                honest.WithFlippedMessageBit(random.Next(8 * honest.Message.Length)),
                honest.WithFlippedSignatureBit(random.Next(8 * LinktreeSignature.Size)),
            ];
            foreach (var forgery in forgeries)
                Assert.That((forgery.IsValidByBouncyCastle(), forgery.IsValid), Is.EqualTo((false, false)), $"record {i}");
        }
    }

    [Test]
    public void Random_bytes_are_rejected_without_an_exception()
    {
        var random = Seeded(20260105);
        var wellFormed = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var (key, signature) = (Garbage(random, PublicKey.Size), Garbage(random, LinktreeSignature.Size));

            // Few random numbers are below L: without this, almost none would pass condition 1 and reach BouncyCastle.
            if (random.Next(4) != 0)
                signature[^1] &= 0x0F;
            if (Ed25519Verifier.IsWellFormed(key, signature))
                wellFormed++;
            Assert.That(new SignatureCase(key, SignedLinktrees.Bytes(random, random.Next(300)), signature).IsValidByBouncyCastle(), Is.False, $"case {i}");
        }

        TestContext.Out.WriteLine($"{wellFormed} reached BouncyCastle");
        Assert.That(wellFormed, Is.GreaterThan(1000));
    }

    [TestCase(0)]
    [TestCase(SignedLinktree.MaxDataBytes)]
    public void Message_may_be_empty_or_as_long_as_the_longest_record(int length)
    {
        var message = SignedLinktrees.Bytes(Seeded(length), length);
        var r = ReferenceEd25519.Encode(ReferenceEd25519.Multiply(SignatureCase.Nonce, ReferenceEd25519.B));
        var signature = SignatureCase.Sign(SignatureCase.Secret, SignatureCase.SecretsKey, SignatureCase.Nonce, r, message);

        Assert.That(signature.IsValidByBouncyCastle(), Is.True);
        Assert.That((signature with { Message = [.. message, 0] }).IsValidByBouncyCastle(), Is.False);
    }

    [Test]
    public async Task Many_threads_may_use_one_verifier()
    {
        var random = Seeded(20260106);
        SignedLinktree[] linktrees = [.. Enumerable.Range(0, 256).Select(i => Make(random, isHonest: i % 3 != 2))];
        using var start = new Barrier(8);

        // Dedicated threads, since they wait for each other to start together.
        var verdicts = await Task.WhenAll(Enumerable.Range(0, start.ParticipantCount).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return linktrees.Select(_verifier.Verify).ToArray();
            },
            TaskCreationOptions.LongRunning)));

        Assert.That(verdicts, Is.All.EqualTo(Enumerable.Range(0, linktrees.Length).Select(i => i % 3 != 2)));

        static SignedLinktree Make(Random random, bool isHonest)
        {
            var linktree = SignedLinktrees.Create(random);
            return isHonest ? linktree : linktree.WithFlippedSignatureBit(random.Next(8 * LinktreeSignature.Size));
        }
    }

    [Test]
    public void Missing_record_is_an_error() => Assert.That(() => _verifier.Verify(null!), Throws.ArgumentNullException);

    private static byte[] Garbage(Random random, int length)
    {
        var bytes = SignedLinktrees.Bytes(random, length);
        switch (random.Next(8))
        {
            case 0:
                Array.Clear(bytes, 0, random.Next(length));
                break;
            case 1:
                bytes.AsSpan(random.Next(length)).Fill(0xFF);
                break;
        }

        return bytes;
    }

    private static Random Seeded(int seed)
    {
        TestContext.Out.WriteLine($"seed {seed}");
        return new Random(seed);
    }
}
