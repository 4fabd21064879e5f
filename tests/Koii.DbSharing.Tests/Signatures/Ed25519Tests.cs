using System.Text.Json;
using Koii.DbSharing.Records;
using Koii.DbSharing.Signatures;
using Koii.DbSharing.Signatures.Edwards25519;

namespace Koii.DbSharing.Tests.Signatures;

/// <summary>Published vectors, the protocol's vectors, and what one changed bit does.</summary>
[TestFixture]
internal sealed class Ed25519Tests
{
    private static readonly SignatureCase[] Linktrees = [.. ProtocolVectors.Read().Select(ToCase)];

    [TestCaseSource(typeof(Rfc8032Vectors), nameof(Rfc8032Vectors.Cases))]
    public void Vector_of_RFC_8032_is_valid(byte[] seed, byte[] publicKey, byte[] message, byte[] signature)
    {
        Assert.That(new SignatureCase(publicKey, message, signature).IsValid, Is.True);
    }

    [TestCaseSource(typeof(Rfc8032Vectors), nameof(Rfc8032Vectors.Cases))]
    public void Vector_of_RFC_8032_is_signed_to_the_byte(byte[] seed, byte[] publicKey, byte[] message, byte[] signature)
    {
        using var key = new Ed25519PrivateKey(seed);
        var signed = new byte[Ed25519PrivateKey.SignatureSize];
        key.Sign(message, signed);

        Assert.Multiple(() =>
        {
            Assert.That(key.PublicKey.ToArray(), Is.EqualTo(publicKey));
            Assert.That(signed, Is.EqualTo(signature));
        });
    }

    [Test]
    public void Linktrees_of_the_protocol_are_valid() =>
        Assert.That(Linktrees.Select(linktree => linktree.IsValid), Is.All.True);

    [Test]
    public void Any_changed_bit_of_the_key_makes_a_signature_invalid() =>
        AssertNoneIsValid(linktree => Enumerable.Range(0, 8 * PublicKey.Size).Select(linktree.WithFlippedKeyBit));

    [Test]
    public void Any_changed_bit_of_a_signature_makes_it_invalid() =>
        AssertNoneIsValid(linktree => Enumerable.Range(0, 8 * LinktreeSignature.Size).Select(linktree.WithFlippedSignatureBit));

    [Test]
    public void Any_changed_bit_of_the_message_makes_a_signature_invalid() =>
        AssertNoneIsValid(linktree => Enumerable.Range(0, 8 * linktree.Message.Length).Select(linktree.WithFlippedMessageBit));

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
            Assert.That(signed.IsValid, Is.True, $"{length} bytes");
            Assert.That(signed.WithFlippedMessageBit((8 * length) - 1).IsValid, Is.False, $"{length} bytes");
        }
    }

    [Test]
    public void Check_allocates_nothing()
    {
        var key = new PublicKey(Linktrees[0].Key);
        var signature = new LinktreeSignature(Linktrees[0].Signature);
        var profile = Linktrees[0].Message;
        var greatest = new byte[SignedLinktree.MaxDataBytes];
        CheckBoth();

        var before = GC.GetAllocatedBytesForCurrentThread();
        CheckBoth();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void CheckBoth()
        {
            Ed25519.Verify(key, profile, signature);
            Ed25519.Verify(key, greatest, signature);
        }
    }

    private static void AssertNoneIsValid(Func<SignatureCase, IEnumerable<SignatureCase>> spoil)
    {
        var spoilt = Linktrees.SelectMany(spoil).ToArray();
        Assert.That(spoilt, Is.Not.Empty);
        Assert.That(spoilt.AsParallel().Count(linktree => linktree.IsValid), Is.Zero);
    }

    private static SignatureCase ToCase(JsonElement vector)
    {
        Assert.That(PublicKey.TryParse(vector.GetProperty("publicKey").GetString(), out var key), Is.True);
        Assert.That(LinktreeSignature.TryParse(vector.GetProperty("signature").GetString(), out var signature), Is.True);
        var message = Convert.FromHexString(vector.GetProperty("canonicalUtf8Hex").GetString()!);
        return new SignatureCase(key.AsSpan().ToArray(), message, signature.AsSpan().ToArray());
    }
}
