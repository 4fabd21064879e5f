using System.Numerics;
using Koii.DbSharing.Signatures.Edwards25519;
using static Koii.DbSharing.Tests.Signatures.ReferenceEd25519;

namespace Koii.DbSharing.Tests.Signatures;

/// <summary>Random signatures of every kind that the rule tells apart, and what it says of each.</summary>
internal sealed record SignatureKind(string Name, Func<Random, SignatureCase> Make, bool IsValid = false)
{
    // What each kind must be is said beforehand: two verifiers that refuse everything would agree as well.
    internal static readonly SignatureKind[] All =
    [
        new("honest", Honest, IsValid: true),
        new("key bit flipped", random => Honest(random).WithFlippedKeyBit(random.Next(256))),
        new("message bit flipped", random => Honest(random).WithFlippedMessageBit(random.Next(8))),
        new("signature bit flipped", random => Honest(random).WithFlippedSignatureBit(random.Next(512))),
        new("L added to S", random => Honest(random).WithOrderAddedToS()),
        new("torsion in key and R", TorsionMixed, IsValid: true),
        new("torsion, signature bit flipped", random => TorsionMixed(random).WithFlippedSignatureBit(random.Next(512))),
        new("small order R", random => Sign(random, randomR: false, torsionOfKey: random.Next(8), torsionOfR: random.Next(8)), IsValid: true),
        new("small order key", random => Sign(random, randomKey: false, torsionOfKey: random.Next(8), torsionOfR: random.Next(8))),
        new("R encoded beyond p or with a negative zero", WithUnusualR),
        new("key encoded beyond p or with a negative zero", random => Honest(random) with { Key = UnusualEncoding(random) }),
        new("random bytes", random => new SignatureCase(RandomBytes(random, 32), Message(random), RandomBytes(random, 64))),
    ];

    public override string ToString() => Name;

    internal static SignatureCase Honest(Random random)
    {
        using var key = new Ed25519PrivateKey(RandomBytes(random, Ed25519PrivateKey.SeedSize));
        var message = Message(random);
        var signature = new byte[Ed25519PrivateKey.SignatureSize];
        key.Sign(message, signature);
        return new SignatureCase(key.PublicKey.ToArray(), message, signature);
    }

    private static SignatureCase TorsionMixed(Random random) => Sign(random, torsionOfKey: random.Next(8), torsionOfR: random.Next(8));

    private static SignatureCase WithUnusualR(Random random)
    {
        var a = RandomScalar(random);
        return SignatureCase.Sign(a, Encode(Multiply(a, B)), 0, UnusualEncoding(random), Message(random));
    }

    private static SignatureCase Sign(Random random, bool randomKey = true, bool randomR = true, int torsionOfKey = 0, int torsionOfR = 0)
    {
        var a = randomKey ? RandomScalar(random) : 0;
        var r = randomR ? RandomScalar(random) : 0;
        var key = Encode(Add(Multiply(a, B), SmallOrderPoints[torsionOfKey]));
        var encodedR = Encode(Add(Multiply(r, B), SmallOrderPoints[torsionOfR]));
        return SignatureCase.Sign(a, key, r, encodedR, Message(random));
    }

    private static byte[] UnusualEncoding(Random random)
    {
        var sign = BigInteger.One << 255;
        return random.Next(4) switch
        {
            0 => Bytes(1 + sign),
            1 => Bytes(P - 1 + sign),
            2 => Bytes(P + random.Next(19)),
            _ => Bytes(P + random.Next(19) + sign),
        };
    }

    internal static byte[] Message(Random random) => RandomBytes(random, random.Next(1, 300));

    internal static BigInteger RandomScalar(Random random) => ModuloL(Number(RandomBytes(random, 64)));

    private static byte[] RandomBytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
