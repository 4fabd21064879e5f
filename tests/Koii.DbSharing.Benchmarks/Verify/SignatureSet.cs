using Koii.Ed25519;
using BouncyCastleEd25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Koii.DbSharing.Benchmarks.Verify;

/// <summary>
/// Signed messages of the size of a profile. Each has an author of its own, so a key cache has no effect. The set is
/// the same in every run.
/// </summary>
internal sealed class SignatureSet
{
    internal const int MessageSize = 351;

    private SignatureSet(byte[][] keys, byte[][] messages, byte[][] signatures)
    {
        Keys = keys;
        Messages = messages;
        Signatures = signatures;
    }

    internal byte[][] Keys { get; }

    internal byte[][] Messages { get; }

    internal byte[][] Signatures { get; }

    internal int Count => Keys.Length;

    internal static SignatureSet Sign(int count)
    {
        var random = new Random(25519);
        var set = new SignatureSet(new byte[count][], new byte[count][], new byte[count][]);
        var seed = new byte[32];
        for (var i = 0; i < count; i++)
        {
            random.NextBytes(seed);
            (set.Keys[i], set.Messages[i], set.Signatures[i]) =
                (new byte[Ed25519Verifier.PublicKeySize], new byte[MessageSize], new byte[Ed25519Verifier.SignatureSize]);
            random.NextBytes(set.Messages[i]);
            BouncyCastleEd25519.GeneratePublicKey(seed, set.Keys[i]);

            // An array as the second argument would be a context (Ed25519ctx).
            BouncyCastleEd25519.Sign(seed, set.Keys[i].AsSpan(), set.Messages[i], set.Signatures[i]);
        }

        return set;
    }

    /// <summary>The same set with one bit of one message changed.</summary>
    internal SignatureSet Spoil(int index)
    {
        var messages = Messages.ToArray();
        messages[index] = [.. messages[index]];
        messages[index][0] ^= 1;
        return new SignatureSet(Keys, messages, Signatures);
    }
}
