using Koii.DbSharing.Signatures;
using Koii.DbSharing.Signatures.Edwards25519;

namespace Koii.DbSharing.Tests.Signatures.Edwards25519;

[TestFixture]
internal sealed class Ed25519PrivateKeyTests
{
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
    public void Signing_that_disposal_overtakes_ends_with_a_good_signature_or_an_error()
    {
        // With half of the secret overwritten a signature would give the other half away.
        var message = "message"u8.ToArray();
        for (var round = 0; round < 500; round++)
        {
            using var key = new Ed25519PrivateKey(new byte[Ed25519PrivateKey.SeedSize]);
            var signed = new byte[Ed25519PrivateKey.SignatureSize];
            using var isSigning = new ManualResetEventSlim();
            var signer = new Thread(() =>
            {
                try
                {
                    for (; ; isSigning.Set())
                        key.Sign(message, signed);
                }
                catch (ObjectDisposedException)
                {
                }
            });
            signer.Start();
            isSigning.Wait();
            key.Dispose();
            signer.Join();
            Assert.That(Ed25519.Verify(new PublicKey(key.PublicKey), message, new LinktreeSignature(signed)), Is.True, $"round {round}");
        }
    }
}
