using System.Numerics;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests;

/// <summary>Random signatures of every kind that the rule tells apart, and what it says of each.</summary>
internal sealed record SignatureKind(string Name, Func<Random, SignatureCase> Make, bool IsValid = false)
{
    private const int Authors = 64;

    private static readonly HonestAuthor[] HonestAuthors = [.. Enumerable.Range(0, Authors).Select(HonestAuthor.Create)];
    private static readonly KnownPoint[] Keys = KnownPoint.MakeMany(Authors, new Random(2));
    private static readonly KnownPoint[] Nonces = KnownPoint.MakeMany(Authors, new Random(3));

    // What each kind must be is said beforehand: two verifiers that refuse everything would agree as well.

    /// <summary>Those of which every implementation of Ed25519 says the same.</summary>
    internal static readonly SignatureKind[] HonestAndFlipped =
    [
        new("honest", Honest, IsValid: true),
        new("key bit flipped", KeyBitFlipped),
        new("message bit flipped", MessageBitFlipped),
        new("signature bit flipped", SignatureBitFlipped),
    ];

    internal static readonly SignatureKind[] All =
    [
        .. HonestAndFlipped,
        new("L added to S", random => Honest(random).WithOrderAddedToS()),
        new("torsion in key and R", TorsionMixed, IsValid: true),
        new("torsion, signature bit flipped", random => TorsionMixed(random).WithFlippedSignatureBit(random.Next(512))),
        new("torsion, L added to S", random => TorsionMixed(random).WithOrderAddedToS()),
        new("small order R", random => Sign(Any(Keys, random), Any(KnownPoint.OfSmallOrder, random), random), IsValid: true),
        new("small order key", random => Sign(Any(KnownPoint.OfSmallOrder, random), Any(Nonces, random), random)),
        new("R encoded beyond p or with a negative zero", random => Sign(Any(Keys, random), new KnownPoint(0, UnusualEncoding(random)), random)),
        new("key encoded beyond p or with a negative zero", random => Honest(random) with { Key = UnusualEncoding(random) }),
        new("random bytes", random => new SignatureCase(RandomBytes(random, 32), Message(random), RandomBytes(random, 64))),
    ];

    internal static readonly SignatureKind[] Valid = [.. All.Where(kind => kind.IsValid)];

    /// <summary>Prepares the reference for tens of thousands of signatures.</summary>
    internal static void ExpectMany()
    {
        var points = Keys.Concat(Nonces).Concat(KnownPoint.OfSmallOrder).Select(point => point.Encoding);
        foreach (var point in points.Concat(HonestAuthors.Select(author => author.PublicKey)))
            Expect(point);
    }

    public override string ToString() => Name;

    internal static SignatureCase Honest(Random random)
    {
        var author = Any(HonestAuthors, random);
        return author.Sign(Message(random));
    }

    private static SignatureCase KeyBitFlipped(Random random) => Honest(random).WithFlippedKeyBit(random.Next(256));

    private static SignatureCase MessageBitFlipped(Random random)
    {
        var honest = Honest(random);
        return honest.WithFlippedMessageBit(random.Next(8 * honest.Message.Length));
    }

    private static SignatureCase SignatureBitFlipped(Random random) => Honest(random).WithFlippedSignatureBit(random.Next(512));

    private static SignatureCase TorsionMixed(Random random) => Sign(Any(Keys, random), Any(Nonces, random), random);

    private static SignatureCase Sign(KnownPoint key, KnownPoint r, Random random) =>
        SignatureCase.Sign(key.Logarithm, key.Encoding, r.Logarithm, r.Encoding, Message(random));

    private static byte[] UnusualEncoding(Random random) => random.Next(4) switch
    {
        0 => Bytes(1 + SignBit),
        1 => Bytes(P - 1 + SignBit),
        2 => Bytes(P + random.Next(19)),
        _ => Bytes(P + random.Next(19) + SignBit),
    };

    internal static BigInteger RandomScalar(Random random) => ModuloL(Number(RandomBytes(random, 64)));

    private static T Any<T>(T[] all, Random random) => all[random.Next(all.Length)];

    private static byte[] Message(Random random) => RandomBytes(random, random.Next(1, 300));

    private static byte[] RandomBytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
