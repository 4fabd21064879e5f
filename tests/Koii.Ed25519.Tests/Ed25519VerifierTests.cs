namespace Koii.Ed25519.Tests;

/// <summary>Published test vectors, changed bits, and arguments of any length.</summary>
[TestFixtureSource(typeof(VectorPaths), nameof(VectorPaths.All))]
internal sealed class Ed25519VerifierTests(VectorPath path)
{
    // Of the size of an ordinary message, which fits the stack.
    private static readonly SignatureCase[] Honest = [.. Enumerable.Range(1, 4).Select(number => HonestAuthor.Create(number).Sign(RandomBytes(90 * number)))];

    [TestCaseSource(typeof(Rfc8032Vectors), nameof(Rfc8032Vectors.Cases))]
    public void Vector_of_RFC_8032_is_valid(byte[] seed, byte[] publicKey, byte[] message, byte[] signature)
    {
        var vector = new SignatureCase(publicKey, message, signature);
        Assert.That(vector.IsValidOn(path), Is.True);
        SignatureCase[] batch = [vector, vector.WithFlippedSignatureBit(seed[0]), vector];
        Assert.That(batch.AreValidOn(path), Is.EqualTo(new[] { true, false, true }), "in a batch");
    }

    [Test]
    public void Public_method_gives_the_result_of_every_path()
    {
        foreach (var signature in Honest.SelectMany(honest => (SignatureCase[])[honest, honest.WithFlippedSignatureBit(300), honest.WithFlippedKeyBit(3)]))
            Assert.That(signature.IsValid, Is.EqualTo(signature.IsValidOn(path)), $"{signature}");
    }

    [Test]
    public void Any_changed_bit_of_the_key_makes_a_signature_invalid() =>
        AssertNoneIsValid(honest => Enumerable.Range(0, 8 * Ed25519Verifier.PublicKeySize).Select(honest.WithFlippedKeyBit));

    [Test]
    public void Any_changed_bit_of_a_signature_makes_it_invalid() =>
        AssertNoneIsValid(honest => Enumerable.Range(0, 8 * Ed25519Verifier.SignatureSize).Select(honest.WithFlippedSignatureBit));

    [Test]
    public void Any_changed_byte_of_the_message_makes_a_signature_invalid() =>
        AssertNoneIsValid(honest => Enumerable.Range(0, honest.Message.Length).Select(i => honest.WithFlippedMessageBit((8 * i) + (i % 8))));

    [Test]
    public void Message_that_does_not_fit_the_stack_is_verified_like_any_other()
    {
        foreach (var length in (int[])[895, 960, 961, 992, 993, 65_536])
        {
            var signed = HonestAuthor.Create(0).Sign(RandomBytes(length));

            Assert.That(signed.IsValidByReference, Is.True, $"{length} bytes");
            Assert.That(signed.IsValidOn(path), Is.True, $"{length} bytes");
            Assert.That(signed.WithFlippedMessageBit((8 * length) - 1).IsValidOn(path), Is.False, $"{length} bytes");
        }
    }

    [Test]
    public void Key_or_signature_of_a_wrong_length_is_invalid([Values(0, 31, 33, 63, 65, 96)] int length)
    {
        var honest = Honest[0];
        var otherKey = honest with { Key = Resized(honest.Key, length) };
        var otherSignature = honest with { Signature = Resized(honest.Signature, length) };
        foreach (var signature in (SignatureCase[])[otherKey, otherSignature])
        {
            Assert.That(signature.IsValidOn(path), Is.False);
            Assert.That(Ed25519Verifier.IsWellFormed(signature.Key, signature.Signature), Is.False);
        }

        SignatureCase[] batch = [honest, otherKey, honest, otherSignature, honest];
        Assert.That(batch.AreValidOn(path), Is.EqualTo(new[] { true, false, true, false, true }), "in a batch");

        static byte[] Resized(byte[] bytes, int length)
        {
            var resized = bytes.ToArray();
            Array.Resize(ref resized, length);
            return resized;
        }
    }

    private void AssertNoneIsValid(Func<SignatureCase, IEnumerable<SignatureCase>> change)
    {
        var changed = Honest.SelectMany(change).ToArray();
        Assert.That(changed, Is.Not.Empty);
        Assert.That(changed.AsParallel().Count(signature => signature.IsValidOn(path)), Is.Zero);
    }

    private static byte[] RandomBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
