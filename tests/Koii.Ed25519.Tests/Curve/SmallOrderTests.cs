using System.Numerics;
using Koii.Ed25519.Curve;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve;

/// <summary>Which encodings are those of the eight points of small order.</summary>
[TestFixture]
internal sealed class SmallOrderTests
{
    private static readonly BigInteger Sign = BigInteger.One << 255;

    [Test]
    public void Each_of_the_eight_points_is_known([Range(0, 7)] int multiple) =>
        Assert.That(SmallOrder.Contains(Encode(SmallOrderPoints[multiple])), Is.True);

    [Test]
    public void Encoding_with_one_changed_bit_is_not_one_of_them()
    {
        // 0 and 1, of order 4 and 1, differ in one bit themselves.
        var small = SmallOrderPoints.Select(point => Number(Encode(point)) & (Sign - 1)).ToHashSet();
        foreach (var changed in small.SelectMany(y => Enumerable.Range(0, 255).Select(bit => y ^ (BigInteger.One << bit))).Where(y => !small.Contains(y)))
        {
            Assert.That(SmallOrder.Contains(Bytes(changed)), Is.False, $"{changed}");
            Assert.That(SmallOrder.Contains(Bytes(changed + Sign)), Is.False, $"{changed} and the sign");
        }
    }

    [Test]
    public void Only_points_that_8_takes_to_the_identity_are_known()
    {
        // A point of order L, alone and with a part of small order.
        var random = new Random(8);
        for (var i = 0; i < 100; i++)
        {
            var point = Add(Multiply(SignatureKind.RandomScalar(random), B), SmallOrderPoints[i % 8]);
            Assert.That(SmallOrder.Contains(Encode(point)), Is.False, $"{point}");
        }

        foreach (var encoding in Enumerable.Range(0, 50).SelectMany(y => (BigInteger[])[y, y + Sign, P - 1 - y, P - 1 - y + Sign]).Select(Bytes))
        {
            if (Decode(encoding) is { } point)
                Assert.That(SmallOrder.Contains(encoding), Is.EqualTo(IsOfSmallOrder(point)), Convert.ToHexString(encoding));
        }
    }
}
