using Koii.DbSharing.Signatures.Edwards25519;

namespace Koii.DbSharing.Benchmarks.Verify;

/// <summary>Signed messages of the size of a profile, each of another author so that no cache of keys helps, and the same in every run.</summary>
internal sealed class SignatureSet
{
    internal const int MessageSize = 351;

    private SignatureSet(PublicKey[] keys, byte[][] messages, LinktreeSignature[] signatures)
    {
        Keys = keys;
        Messages = messages;
        Signatures = signatures;
    }

    internal PublicKey[] Keys { get; }

    internal byte[][] Messages { get; }

    internal LinktreeSignature[] Signatures { get; }

    internal int Count => Keys.Length;

    internal static SignatureSet Sign(int count)
    {
        var random = new Random(25519);
        var set = new SignatureSet(new PublicKey[count], new byte[count][], new LinktreeSignature[count]);
        var seed = new byte[Ed25519PrivateKey.SeedSize];
        var signature = new byte[LinktreeSignature.Size];
        for (var i = 0; i < count; i++)
        {
            random.NextBytes(seed);
            using var author = new Ed25519PrivateKey(seed);
            set.Messages[i] = new byte[MessageSize];
            random.NextBytes(set.Messages[i]);
            author.Sign(set.Messages[i], signature);
            (set.Keys[i], set.Signatures[i]) = (new PublicKey(author.PublicKey), new LinktreeSignature(signature));
        }

        return set;
    }

    /// <summary>The same set with a bit of one message flipped.</summary>
    internal SignatureSet Spoil(int index)
    {
        var messages = Messages.ToArray();
        messages[index] = [.. messages[index]];
        messages[index][0] ^= 1;
        return new SignatureSet(Keys, messages, Signatures);
    }
}
