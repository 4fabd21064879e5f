using BouncyCastleEd25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Koii.Ed25519.Tests;

/// <summary>A key pair that signs by RFC 8032, with the code of another library.</summary>
internal sealed class HonestAuthor
{
    private readonly byte[] _seed;

    private HonestAuthor(byte[] seed)
    {
        _seed = seed;
        BouncyCastleEd25519.GeneratePublicKey(seed, PublicKey);
    }

    internal byte[] PublicKey { get; } = new byte[Ed25519Verifier.PublicKeySize];

    /// <summary>The author with a number; the same number always makes the same author.</summary>
    internal static HonestAuthor Create(int number)
    {
        var seed = new byte[32];
        BitConverter.TryWriteBytes(seed, number);
        return new HonestAuthor(seed);
    }

    internal SignatureCase Sign(byte[] message)
    {
        var signature = new byte[Ed25519Verifier.SignatureSize];

        // An array as the second argument would be a context (Ed25519ctx).
        BouncyCastleEd25519.Sign(_seed, PublicKey.AsSpan(), message, signature);
        return new SignatureCase(PublicKey, message, signature);
    }
}
