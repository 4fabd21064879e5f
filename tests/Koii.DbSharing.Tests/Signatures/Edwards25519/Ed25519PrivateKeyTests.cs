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
}
