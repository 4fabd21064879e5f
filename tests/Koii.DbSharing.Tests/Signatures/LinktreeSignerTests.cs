using System.Text;
using System.Text.Json;
using Koii.DbSharing.TestSupport;
using Koii.Ed25519;
using Koii.Ed25519.Tests;

namespace Koii.DbSharing.Tests.Signatures;

[TestFixture]
internal sealed class LinktreeSignerTests
{
    [TestCaseSource(nameof(Vectors))]
    public void Vector_of_the_protocol_is_signed_to_the_byte(JsonElement vector)
    {
        using var signer = LinktreeSigner.FromSeed(Enumerable.Repeat(vector.GetProperty("seedByte").GetByte(), 32).ToArray());
        var signed = signer.Sign(Encoding.UTF8.GetBytes(vector.GetProperty("dataText").GetString()!));

        Assert.Multiple(() =>
        {
            Assert.That(signed.Author.ToString(), Is.EqualTo(vector.GetProperty("publicKey").GetString()));
            Assert.That(signed.Author, Is.EqualTo(signer.PublicKey));
            Assert.That(Convert.ToHexStringLower(signed.Data.Span), Is.EqualTo(vector.GetProperty("canonicalUtf8Hex").GetString()));
            Assert.That(signed.Signature.ToString(), Is.EqualTo(vector.GetProperty("signature").GetString()));
            Assert.That(signed.Id.ToString(), Is.EqualTo(vector.GetProperty("recordId").GetString()));
            Assert.That(new Ed25519SignatureVerifier().Verify(signed), Is.True);
        });
    }

    [TestCaseSource(typeof(Rfc8032Vectors), nameof(Rfc8032Vectors.Cases))]
    public void Vector_of_RFC_8032_is_signed_to_the_byte(byte[] seed, byte[] publicKey, byte[] message, byte[] signature)
    {
        using var signer = LinktreeSigner.FromSeed(seed);
        var signed = new byte[LinktreeSignature.Size];
        signer.SignMessage(message, signed);

        Assert.That(signer.PublicKey.AsSpan().ToArray(), Is.EqualTo(publicKey));
        Assert.That(signed, Is.EqualTo(signature));
    }

    [Test]
    public void Text_that_is_not_canonical_gets_the_signature_of_its_canonical_form()
    {
        using var signer = LinktreeSigner.FromSeed(new byte[32]);
        var canonical = signer.Sign("""{"uuid":"u","timestamp":1}"""u8);
        var spaced = signer.Sign("""{ "\u0075uid" : "u", "timestamp" : 1.0 }"""u8);
        Assert.That(spaced, Is.EqualTo(canonical));
    }

    [TestCase(0)]
    [TestCase(31)]
    [TestCase(33)]
    [TestCase(64)]
    public void Seed_of_another_length_is_an_error_with_both_lengths(int length) =>
        Assert.That(
            () => LinktreeSigner.FromSeed(new byte[length]),
            Throws.ArgumentException.With.Message.Contains("32 bytes").And.Message.Contains($"{length}"));

    [TestCase("[]", "JSON object")]
    [TestCase("no JSON", "JSON object")]
    [TestCase("""{"timestamp":1}""", "uuid")]
    [TestCase("""{"uuid":"u"}""", "timestamp")]
    public void Text_that_is_not_a_record_is_an_error_with_the_requirement(string text, string needed)
    {
        using var signer = LinktreeSigner.FromSeed(new byte[32]);
        Assert.That(() => signer.Sign(Encoding.UTF8.GetBytes(text)), Throws.ArgumentException.With.Message.Contains(needed));
    }

    [Test]
    public void Text_that_is_too_long_is_an_error_with_the_limit()
    {
        using var signer = LinktreeSigner.FromSeed(new byte[32]);
        var text = Samples.DataJson("u", 1, new string('x', SignedLinktree.MaxDataBytes));
        Assert.That(() => signer.Sign(text), Throws.ArgumentException.With.Message.Contains($"{SignedLinktree.MaxDataBytes}"));
    }

    [Test]
    public void Text_that_is_too_deep_is_an_error_with_the_limit()
    {
        using var signer = LinktreeSigner.FromSeed(new byte[32]);
        var (open, close) = (new string('[', SignedLinktree.MaxDepth), new string(']', SignedLinktree.MaxDepth));
        var text = Encoding.UTF8.GetBytes($$"""{"uuid":"u","timestamp":1,"x":{{open}}{{close}}}""");
        Assert.That(() => signer.Sign(text), Throws.ArgumentException.With.Message.Contains($"{SignedLinktree.MaxDepth} levels"));
    }

    [Test]
    public void Disposed_signer_keeps_its_public_key_and_does_not_sign()
    {
        var signer = LinktreeSigner.FromSeed(new byte[32]);
        var key = signer.PublicKey;
        signer.Dispose();
        signer.Dispose();

        Assert.That(signer.PublicKey, Is.EqualTo(key));
        Assert.That(() => signer.Sign(Samples.DataJson("u", 1)), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Signing_that_overlaps_disposal_returns_a_valid_signature_or_throws()
    {
        // A signature by a seed that is overwritten in part would reveal the rest of it.
        var message = "message"u8.ToArray();
        for (var round = 0; round < 500; round++)
        {
            using var signer = LinktreeSigner.FromSeed([.. Enumerable.Repeat((byte)round, 31), 7]);
            var signed = new byte[LinktreeSignature.Size];
            using var isSigning = new ManualResetEventSlim();
            var thread = new Thread(() =>
            {
                try
                {
                    for (; ; isSigning.Set())
                        signer.SignMessage(message, signed);
                }
                catch (ObjectDisposedException)
                {
                }
            });
            thread.Start();
            isSigning.Wait();
            signer.Dispose();
            thread.Join();
            Assert.That(Ed25519Verifier.Verify(signer.PublicKey.AsSpan(), message, signed), Is.True, $"round {round}");
        }
    }

    [Test]
    public void Seed_that_is_copied_during_disposal_is_whole_or_the_copy_throws()
    {
        // A signature by a seed that is overwritten in part would reveal the rest of it.
        byte[] seed = [.. Enumerable.Repeat((byte)7, 32)];
        for (var round = 0; round < 500; round++)
        {
            using var signer = LinktreeSigner.FromSeed(seed);
            var (last, copy) = (new byte[seed.Length], new byte[seed.Length]);
            using var isCopying = new ManualResetEventSlim();
            var thread = new Thread(() =>
            {
                try
                {
                    for (var i = 0; ; i++)
                    {
                        signer.CopySeed(copy);
                        copy.CopyTo(last, 0);
                        if (i == 100)
                            isCopying.Set();
                    }
                }
                catch (ObjectDisposedException)
                {
                }
            });
            thread.Start();
            isCopying.Wait();
            signer.Dispose();
            thread.Join();
            Assert.That(last, Is.EqualTo(seed), $"round {round}");
        }
    }

    [Test]
    public void Several_threads_may_use_one_signer()
    {
        using var signer = LinktreeSigner.FromSeed(new byte[32]);
        var text = Samples.DataJson("u", 1);
        var expected = signer.Sign(text);
        Assert.That(Enumerable.Range(0, 64).AsParallel().Select(_ => signer.Sign(text)).ToArray(), Is.All.EqualTo(expected));
    }

    private static IEnumerable<TestCaseData> Vectors =>
        ProtocolVectors.Read().Select(vector => new TestCaseData(vector).SetArgDisplayNames(vector.GetProperty("name").GetString()!));
}
