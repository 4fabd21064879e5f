using System.Numerics;
using System.Text;
using Koii.DbSharing.Tests.Signatures;
using static Koii.DbSharing.Tests.Signatures.ReferenceEd25519;
using static Koii.DbSharing.Tests.Signatures.SignatureCase;

namespace Koii.DbSharing.BouncyCastle.Tests;

/// <summary>
/// What no honest signer makes. Clauses 1 and 2 of protocol §2 are the library's here too, so what they refuse is refused even where the bare equation
/// holds. The equation of clause 3 has its cofactor in BouncyCastle.Cryptography; Portable.BouncyCastle leaves it out, and there the verdicts part.
/// </summary>
[TestFixture]
internal sealed class BouncyCastleRuleTests
{
    private const int Messages = 8;

    private static readonly bool HasCofactor =
        typeof(Org.BouncyCastle.Math.EC.Rfc8032.Ed25519).Assembly.GetName().Name == "BouncyCastle.Cryptography";

    private static readonly BigInteger Sign255 = BigInteger.One << 255;
    private static readonly byte[] EncodedR = Encode(Multiply(Nonce, B));

    private static SignatureCase Honest => Sign(Secret, SecretsKey, Nonce, EncodedR, Message(0));

    [Test]
    public void Honest_signature_is_taken() => Assert.That(Honest.IsValidByBouncyCastle(), Is.True);

    [Test]
    public void S_plus_L_is_refused() => AssertRefusedThoughTheEquationHolds(Honest.WithOrderAddedToS());

    [Test]
    public void Small_order_key_is_refused([Range(0, 7)] int multiple) =>
        AssertRefusedThoughTheEquationHolds(ForAnyMessage(Encode(SmallOrderPoints[multiple])));

    [Test]
    public void Small_order_key_in_another_encoding_is_refused()
    {
        foreach (var key in (BigInteger[])[P, P + 1, P + Sign255, P + 1 + Sign255, 1 + Sign255, P - 1 + Sign255])
            AssertRefusedThoughTheEquationHolds(ForAnyMessage(Bytes(key)));
    }

    [Test]
    public void R_in_another_encoding_is_refused()
    {
        // The neutral element, so that the equation without the cofactor holds too.
        foreach (var r in (BigInteger[])[P + 1, P + 1 + Sign255, 1 + Sign255])
            AssertRefusedThoughTheEquationHolds(Sign(Secret, SecretsKey, 0, Bytes(r), Message(0)));
    }

    [Test]
    public void Key_or_R_off_the_curve_is_refused()
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
    public void R_of_small_order_that_is_neutral_is_taken() =>
        Assert.That(Sign(Secret, SecretsKey, 0, Encode(Identity), Message(0)).IsValidByBouncyCastle(), Is.True);

    [Test]
    public void R_that_is_right_only_up_to_torsion_is_taken_where_the_equation_has_its_cofactor([Range(1, 7)] int multiple)
    {
        var r = Encode(Add(Multiply(Nonce, B), SmallOrderPoints[multiple]));
        AssertOnlyTheCofactorDecides(message => Sign(Secret, SecretsKey, Nonce, r, message));
    }

    [Test]
    public void Key_that_is_right_only_up_to_torsion_is_taken_where_the_equation_has_its_cofactor([Range(1, 7)] int multiple)
    {
        var key = Encode(Add(Multiply(Secret, B), SmallOrderPoints[multiple]));
        AssertOnlyTheCofactorDecides(message => Sign(Secret, key, Nonce, EncodedR, message));
    }

    [Test]
    public void Verdicts_differ_from_those_of_the_library_by_nothing_but_the_cofactor()
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

            var expected = signature.IsValid && (HasCofactor || signature.EquationHoldsWithoutCofactor);
            Assert.That(signature.IsValidByBouncyCastle(), Is.EqualTo(expected), $"case {i}");
        }
    }

    private static byte[] Message(int number) => Encoding.ASCII.GetBytes($"message {number}");

    /// <summary>A signature that needs no secret: the key, of small order, vanishes when k is a multiple of its order, in one of eight messages at least.</summary>
    private static SignatureCase ForAnyMessage(byte[] key) =>
        Enumerable.Range(0, 1000).Select(i => Sign(0, key, Nonce, EncodedR, Message(i))).First(signature => signature.EquationHoldsWithoutCofactor);

    private static void AssertRefusedThoughTheEquationHolds(SignatureCase signature)
    {
        Assert.That(signature.EquationHoldsWithoutCofactor, Is.True, "only the clause under test may decide");
        Assert.That(signature.IsValid, Is.False, "by the library");
        Assert.That(signature.IsValidByBouncyCastle(), Is.False);
    }

    private static void AssertOnlyTheCofactorDecides(Func<byte[], SignatureCase> sign)
    {
        var signatures = Enumerable.Range(0, 1000).Select(i => sign(Message(i))).Where(signature => !signature.EquationHoldsWithoutCofactor).Take(Messages);
        foreach (var signature in signatures)
        {
            Assert.That(signature.IsValid, Is.True, "by the library");
            Assert.That(signature.IsValidByBouncyCastle(), Is.EqualTo(HasCofactor));
        }
    }
}
