using System.Numerics;
using System.Text;
using Koii.Ed25519.Tests;
using static Koii.Ed25519.Tests.ReferenceEd25519;
using static Koii.Ed25519.Tests.SignatureCase;

namespace Koii.DbSharing.Tests.Signatures;

/// <summary>
/// Signatures that no honest signer makes. The library's code checks conditions 1 and 2 of protocol §2 here too, so a
/// signature that fails them is rejected even where the equation alone holds. BouncyCastle.Cryptography checks the
/// equation of condition 3 with the cofactor, as the protocol does.
/// </summary>
[TestFixture]
internal sealed class BouncyCastleRuleTests
{
    private const int Messages = 8;

    private static readonly BigInteger Sign255 = BigInteger.One << 255;
    private static readonly byte[] EncodedR = Encode(Multiply(Nonce, B));

    private static SignatureCase Honest => Sign(Secret, SecretsKey, Nonce, EncodedR, Message(0));

    [Test]
    public void Honest_signature_is_accepted() => Assert.That(Honest.IsValidByBouncyCastle(), Is.True);

    [Test]
    public void S_plus_L_is_rejected() => AssertRejectedThoughTheEquationHolds(Honest.WithOrderAddedToS());

    [Test]
    public void Small_order_key_is_rejected([Range(0, 7)] int multiple) =>
        AssertRejectedThoughTheEquationHolds(ForAnyMessage(Encode(SmallOrderPoints[multiple])));

    [Test]
    public void Small_order_key_in_another_encoding_is_rejected()
    {
        foreach (var key in (BigInteger[])[P, P + 1, P + Sign255, P + 1 + Sign255, 1 + Sign255, P - 1 + Sign255])
            AssertRejectedThoughTheEquationHolds(ForAnyMessage(Bytes(key)));
    }

    [Test]
    public void R_in_another_encoding_is_rejected()
    {
        // The identity, so the equation without the cofactor holds too.
        foreach (var r in (BigInteger[])[P + 1, P + 1 + Sign255, 1 + Sign255])
            AssertRejectedThoughTheEquationHolds(Sign(Secret, SecretsKey, 0, Bytes(r), Message(0)));
    }

    [Test]
    public void Key_or_R_off_the_curve_is_rejected()
    {
        for (var y = 2; y < 40; y++)
        {
            if (DecodeLeniently(Bytes(y)) is not null)
                continue;
            Assert.That((Honest with { Key = Bytes(y) }).IsValidByBouncyCastle(), Is.False, $"key {y}");
            Assert.That(Sign(Secret, SecretsKey, Nonce, Bytes(y), Message(0)).IsValidByBouncyCastle(), Is.False, $"R {y}");
        }
    }

    [Test]
    public void R_that_is_the_identity_is_accepted() =>
        Assert.That(Sign(Secret, SecretsKey, 0, Encode(Identity), Message(0)).IsValidByBouncyCastle(), Is.True);

    [Test]
    public void R_that_is_correct_only_up_to_torsion_is_accepted([Range(1, 7)] int multiple)
    {
        var r = Encode(Add(Multiply(Nonce, B), SmallOrderPoints[multiple]));
        AssertAcceptedByTheCofactorAlone(message => Sign(Secret, SecretsKey, Nonce, r, message));
    }

    [Test]
    public void Key_that_is_correct_only_up_to_torsion_is_accepted([Range(1, 7)] int multiple)
    {
        var key = Encode(Add(Multiply(Secret, B), SmallOrderPoints[multiple]));
        AssertAcceptedByTheCofactorAlone(message => Sign(Secret, key, Nonce, EncodedR, message));
    }

    [Test]
    public void Results_are_those_of_the_library_with_and_without_torsion()
    {
        const int seed = 20260107;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[][] keys = [.. SmallOrderPoints.Select(torsion => Encode(Add(Multiply(Secret, B), torsion)))];
        byte[][] rs = [.. SmallOrderPoints.Select(torsion => Encode(Add(Multiply(Nonce, B), torsion)))];
        for (var i = 0; i < 256; i++)
        {
            var signature = Sign(Secret, keys[random.Next(8)], Nonce, rs[random.Next(8)], Message(i));
            if (random.Next(4) == 0)
                signature = signature.WithFlippedSignatureBit(random.Next(512));

            Assert.That(signature.IsValidByBouncyCastle(), Is.EqualTo(signature.IsValid), $"case {i}");
        }
    }

    private static byte[] Message(int number) => Encoding.ASCII.GetBytes($"message {number}");

    /// <summary>
    /// A signature that needs no secret: [k]A of a key of small order vanishes when k is a multiple of its order, for
    /// at least one message of eight.
    /// </summary>
    private static SignatureCase ForAnyMessage(byte[] key) =>
        Enumerable.Range(0, 1000).Select(i => Sign(0, key, Nonce, EncodedR, Message(i))).First(signature => signature.EquationHoldsWithoutCofactor);

    private static void AssertRejectedThoughTheEquationHolds(SignatureCase signature)
    {
        Assert.That(signature.EquationHoldsWithoutCofactor, Is.True, "only the condition under test may decide");
        Assert.That(signature.IsValid, Is.False, "by the library");
        Assert.That(signature.IsValidByBouncyCastle(), Is.False);
    }

    private static void AssertAcceptedByTheCofactorAlone(Func<byte[], SignatureCase> sign)
    {
        var signatures = Enumerable.Range(0, 1000).Select(i => sign(Message(i))).Where(signature => !signature.EquationHoldsWithoutCofactor).Take(Messages);
        foreach (var signature in signatures)
        {
            Assert.That(signature.IsValid, Is.True, "by the library");
            Assert.That(signature.IsValidByBouncyCastle(), Is.True);
        }
    }
}
