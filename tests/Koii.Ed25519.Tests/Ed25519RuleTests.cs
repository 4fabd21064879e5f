using System.Numerics;
using static Koii.Ed25519.Tests.ReferenceEd25519;
using static Koii.Ed25519.Tests.SignatureCase;

namespace Koii.Ed25519.Tests;

/// <summary>
/// Each clause of protocol §2 by signatures that this clause alone decides: the equation holds for whatever is refused
/// here, and holds only by its cofactor for what is taken. Nobody can make S meet a given number, nor sign for a point
/// of which only the encoding is known: where S = 0 and S = L stand is shown in <see cref="Edwards25519.ScalarTests"/>,
/// and keys with y ≥ p that are not of small order in <see cref="Edwards25519.PointEncodingTests"/>.
/// </summary>
[TestFixtureSource(typeof(VectorPaths), nameof(VectorPaths.All))]
internal sealed class Ed25519RuleTests(VectorPath path)
{
    private static readonly byte[] Message = "message"u8.ToArray();
    private static readonly byte[] EncodedR = Encode(Multiply(Nonce, B));

    private static SignatureCase Honest => Sign(Secret, SecretsKey, Nonce, EncodedR, Message);

    // Its encodings are in order and its equation is not, which a batch has to find out.
    private static SignatureCase Bad => Honest with { Message = [.. Message, 0] };

    [Test]
    public void Honest_signature_is_taken() => AssertTaken(Honest);

    [Test]
    public void S_plus_L_is_refused() => AssertRefusedThoughTheEquationHolds(Honest.WithOrderAddedToS());

    [Test]
    public void Small_order_key_is_refused([Range(0, 7)] int multiple)
    {
        // [k]A vanishes under the cofactor, so anybody could sign anything.
        var key = Encode(SmallOrderPoints[multiple]);
        AssertRefusedThoughTheEquationHolds(Sign(0, key, Nonce, EncodedR, Message));
    }

    [Test]
    public void Small_order_key_in_another_encoding_is_refused()
    {
        foreach (var key in OtherEncodingsOfSmallOrderPoints)
            AssertRefusedThoughTheEquationHolds(Sign(0, key, Nonce, EncodedR, Message));
    }

    [Test]
    public void R_of_small_order_is_taken([Range(0, 7)] int multiple)
    {
        var signature = Sign(Secret, SecretsKey, 0, Encode(SmallOrderPoints[multiple]), Message);
        AssertTaken(signature);
        Assert.That(signature.EquationHoldsWithoutCofactor, Is.EqualTo(multiple == 0));
    }

    [Test]
    public void R_with_y_of_p_or_more_is_refused([Values(0, 1)] int y, [Values] bool isNegative)
    {
        var encodedR = Bytes(P + y + (isNegative ? BigInteger.One << 255 : 0));
        AssertRefusedThoughTheEquationHolds(Sign(Secret, SecretsKey, 0, encodedR, Message));
    }

    [Test]
    public void R_with_a_negative_zero_is_refused([Values] bool isMinusOne)
    {
        var encodedR = Bytes((isMinusOne ? P - 1 : 1) + (BigInteger.One << 255));
        AssertRefusedThoughTheEquationHolds(Sign(Secret, SecretsKey, 0, encodedR, Message));
    }

    [Test]
    public void R_that_is_right_only_up_to_torsion_is_taken([Range(1, 7)] int multiple)
    {
        var r = Add(Multiply(Nonce, B), SmallOrderPoints[multiple]);
        var signature = Sign(Secret, SecretsKey, Nonce, Encode(r), Message);
        AssertTaken(signature);
        Assert.That(signature.EquationHoldsWithoutCofactor, Is.False);
    }

    [Test]
    public void Key_that_is_right_only_up_to_torsion_is_taken([Range(1, 7)] int multiple)
    {
        var key = Encode(Add(Multiply(Secret, B), SmallOrderPoints[multiple]));
        AssertTaken(Sign(Secret, key, Nonce, EncodedR, Message));
    }

    [Test]
    public void Torsion_in_both_is_taken([Range(1, 7)] int multiple)
    {
        var key = Encode(Add(Multiply(Secret, B), SmallOrderPoints[multiple]));
        var r = Encode(Add(Multiply(Nonce, B), SmallOrderPoints[8 - multiple]));
        AssertTaken(Sign(Secret, key, Nonce, r, Message));
    }

    [Test]
    public void Key_or_R_off_the_curve_is_refused()
    {
        for (var y = 2; y < 40; y++)
        {
            if (DecodeLeniently(Bytes(y)) is not null)
                continue;
            AssertIs(false, Honest with { Key = Bytes(y) }, $"key {y}");
            AssertIs(false, Sign(Secret, SecretsKey, Nonce, Bytes(y), Message), $"R {y}");
        }
    }

    [Test]
    public void Zero_key_and_zero_signature_are_refused() => AssertIs(false, new SignatureCase(new byte[32], Message, new byte[64]), "zero");

    private static IEnumerable<byte[]> OtherEncodingsOfSmallOrderPoints =>
    [
        Bytes(P),
        Bytes(P + 1),
        Bytes(P + (BigInteger.One << 255)),
        Bytes(P + 1 + (BigInteger.One << 255)),
        Bytes(1 + (BigInteger.One << 255)),
        Bytes(P - 1 + (BigInteger.One << 255)),
    ];

    private void AssertTaken(SignatureCase signature)
    {
        Assert.That(signature.IsValidByReference, Is.True, "by the reference");
        AssertIs(true, signature);
    }

    private void AssertRefusedThoughTheEquationHolds(SignatureCase signature)
    {
        Assert.That(signature.EquationHolds, Is.True, "only the clause under test may decide");
        Assert.That(signature.IsValidByReference, Is.False, "by the reference");
        AssertIs(false, signature);
    }

    /// <summary>Verifies it alone, in a batch of good ones and in a batch that must be taken apart.</summary>
    private void AssertIs(bool isValid, SignatureCase signature, string? which = null)
    {
        Assert.That(signature.IsValidOn(path), Is.EqualTo(isValid), which);
        SignatureCase[] amongGood = [Honest, signature, Honest];
        Assert.That(amongGood.AreValidOn(path), Is.EqualTo(new[] { true, isValid, true }), which);
        SignatureCase[] amongBad = [signature, Bad, Honest, signature, Bad];
        Assert.That(amongBad.AreValidOn(path), Is.EqualTo(new[] { isValid, false, true, isValid, false }), which);
    }
}
