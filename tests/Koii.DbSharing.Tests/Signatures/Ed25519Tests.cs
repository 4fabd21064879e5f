using System.Text.Json;
using Koii.DbSharing.Signatures;
using Koii.DbSharing.Signatures.Edwards25519;

namespace Koii.DbSharing.Tests.Signatures;

/// <summary>Published vectors, the protocol's vectors, and what one changed bit does.</summary>
[TestFixtureSource(typeof(VectorPaths), nameof(VectorPaths.All))]
internal sealed class Ed25519Tests(VectorPath path)
{
    private static readonly SignatureCase[] Linktrees = [.. ProtocolVectors.Read().Select(ToCase)];

    [TestCaseSource(typeof(Rfc8032Vectors), nameof(Rfc8032Vectors.Cases))]
    public void Vector_of_RFC_8032_is_valid(byte[] seed, byte[] publicKey, byte[] message, byte[] signature)
    {
        var vector = new SignatureCase(publicKey, message, signature);
        Assert.That(vector.IsValidOn(path), Is.True);
        SignatureCase[] batch = [vector, vector.WithFlippedSignatureBit(0), vector];
        Assert.That(batch.AreValidOn(path), Is.EqualTo(new[] { true, false, true }), "in a batch");
    }

    [Test]
    public void Linktrees_of_the_protocol_are_valid()
    {
        Assert.That(Linktrees.Select(linktree => linktree.IsValidOn(path)), Is.All.True);
        Assert.That(Linktrees.AreValidOn(path), Is.All.True, "in a batch");
    }

    [Test]
    public void Check_that_names_no_path_gives_the_same_verdicts()
    {
        foreach (var linktree in Linktrees.SelectMany(linktree => (SignatureCase[])[linktree, linktree.WithFlippedSignatureBit(300), linktree.WithFlippedKeyBit(3)]))
        {
            Assert.That(linktree.IsValid, Is.EqualTo(linktree.IsValidOn(path)), $"{linktree}");
        }
    }

    [Test]
    public void Any_changed_bit_of_the_key_makes_a_signature_invalid() =>
        AssertNoneIsValid(linktree => Enumerable.Range(0, 8 * PublicKey.Size).Select(linktree.WithFlippedKeyBit));

    [Test]
    public void Any_changed_bit_of_a_signature_makes_it_invalid() =>
        AssertNoneIsValid(linktree => Enumerable.Range(0, 8 * LinktreeSignature.Size).Select(linktree.WithFlippedSignatureBit));

    [Test]
    public void Any_changed_byte_of_the_message_makes_a_signature_invalid() =>
        AssertNoneIsValid(linktree => Enumerable.Range(0, linktree.Message.Length).Select(i => linktree.WithFlippedMessageBit((8 * i) + (i % 8))));

    [Test]
    public void Message_that_does_not_fit_the_stack_is_checked_like_any()
    {
        using var key = new Ed25519PrivateKey(new byte[Ed25519PrivateKey.SeedSize]);
        foreach (var length in (int[])[895, 960, 961, 992, 993, 65_536])
        {
            var message = new byte[length];
            new Random(length).NextBytes(message);
            var signature = new byte[Ed25519PrivateKey.SignatureSize];
            key.Sign(message, signature);
            var signed = new SignatureCase(key.PublicKey.ToArray(), message, signature);

            Assert.That(signed.IsValidByReference, Is.True, $"{length} bytes");
            Assert.That(signed.IsValidOn(path), Is.True, $"{length} bytes");
            Assert.That(signed.WithFlippedMessageBit((8 * length) - 1).IsValidOn(path), Is.False, $"{length} bytes");
        }
    }

    [Test]
    public void Check_allocates_nothing()
    {
        var key = new PublicKey(Linktrees[0].Key);
        var signature = new LinktreeSignature(Linktrees[0].Signature);
        var profile = Linktrees[0].Message;
        var greatest = new byte[SignedLinktree.MaxDataBytes];

        Assert.That(Allocations.Least(() =>
        {
            Ed25519.VerifyOn(path, key, profile, signature);
            Ed25519.VerifyOn(path, key, greatest, signature);
        }), Is.Zero);
    }

    private void AssertNoneIsValid(Func<SignatureCase, IEnumerable<SignatureCase>> spoil)
    {
        var spoilt = Linktrees.SelectMany(spoil).ToArray();
        Assert.That(spoilt, Is.Not.Empty);
        Assert.That(spoilt.AsParallel().Count(linktree => linktree.IsValidOn(path)), Is.Zero);
    }

    private static SignatureCase ToCase(JsonElement vector)
    {
        Assert.That(PublicKey.TryParse(vector.GetProperty("publicKey").GetString(), out var key), Is.True);
        Assert.That(LinktreeSignature.TryParse(vector.GetProperty("signature").GetString(), out var signature), Is.True);
        var message = Convert.FromHexString(vector.GetProperty("canonicalUtf8Hex").GetString()!);
        return new SignatureCase(key.AsSpan().ToArray(), message, signature.AsSpan().ToArray());
    }
}
