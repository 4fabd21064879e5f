using System.Numerics;
using Koii.DbSharing.Signatures.Edwards25519;
using static Koii.DbSharing.Tests.Signatures.ReferenceEd25519;

namespace Koii.DbSharing.Tests.Signatures;

/// <summary>The library against the slow reference on seeded random signatures of every kind that the rule tells apart.</summary>
[TestFixture]
internal sealed class Ed25519DifferentialTests
{
    private const int CasesOfEachKind = 32;

    private static IEnumerable<TestCaseData> Kinds =>
    [
        Kind("honest", Honest, valid: true),
        Kind("key bit flipped", random => Honest(random).WithFlippedKeyBit(random.Next(256))),
        Kind("message bit flipped", random => Honest(random).WithFlippedMessageBit(random.Next(8))),
        Kind("signature bit flipped", random => Honest(random).WithFlippedSignatureBit(random.Next(512))),
        Kind("L added to S", random => Honest(random).WithOrderAddedToS()),
        Kind("torsion in key and R", TorsionMixed, valid: true),
        Kind("torsion, signature bit flipped", random => TorsionMixed(random).WithFlippedSignatureBit(random.Next(512))),
        Kind("small order R", random => Sign(random, randomR: false, torsionOfKey: random.Next(8), torsionOfR: random.Next(8)), valid: true),
        Kind("small order key", random => Sign(random, randomKey: false, torsionOfKey: random.Next(8), torsionOfR: random.Next(8))),
        Kind("R encoded beyond p or with a negative zero", WithUnusualR),
        Kind("key encoded beyond p or with a negative zero", random => Honest(random) with { Key = UnusualEncoding(random) }),
        Kind("random bytes", random => new SignatureCase(RandomBytes(random, 32), Message(random), RandomBytes(random, 64))),
    ];

    [TestCaseSource(nameof(Kinds))]
    public void Verdict_is_that_of_the_reference(Func<Random, SignatureCase> make, bool valid)
    {
        const int seed = 20260101;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < CasesOfEachKind; i++)
        {
            var signature = make(random);
            Assert.That(signature.IsValidByReference, Is.EqualTo(valid), $"reference, case {i}: {Describe(signature)}");
            Assert.That(signature.IsValid, Is.EqualTo(valid), $"case {i}: {Describe(signature)}");
        }
    }

    // What each kind must be is said beforehand: two verifiers that refuse everything would agree as well.
    private static TestCaseData Kind(string name, Func<Random, SignatureCase> make, bool valid = false) =>
        new TestCaseData(make, valid).SetArgDisplayNames(name);

    private static SignatureCase Honest(Random random)
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

    private static byte[] Message(Random random) => RandomBytes(random, random.Next(1, 300));

    private static BigInteger RandomScalar(Random random) => ModuloL(Number(RandomBytes(random, 64)));

    private static byte[] RandomBytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string Describe(SignatureCase signature) =>
        $"key {Hex(signature.Key)}, message {Hex(signature.Message)}, signature {Hex(signature.Signature)}";

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
