using System.Numerics;
using Koii.Ed25519.Curve;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve;

/// <summary>Clause 2 of protocol §2 at the place where it is decided.</summary>
[TestFixture]
internal sealed class PointEncodingTests
{
    private static readonly BigInteger Sign = BigInteger.One << 255;

    [Test]
    public void Encoding_is_read_exactly_when_the_reference_reads_it()
    {
        var random = new Random(5);
        var encodings = Enumerable.Range(0, 300).Select(_ => Number(RandomBytes(random)))
            .Concat(Enumerable.Range(0, 60).Select(y => (BigInteger)y))
            .Concat(Enumerable.Range(1, 60).Select(i => P - i));
        foreach (var encoding in encodings.SelectMany(number => (BigInteger[])[number & (Sign - 1), number | Sign]).Select(Bytes))
        {
            var isRead = PointEncoding.TryRead(encoding, out var point);
            Assert.That(isRead, Is.EqualTo(Decode(encoding) is not null), Convert.ToHexString(encoding));
            if (isRead)
                Assert.That(Written(point), Is.EqualTo(encoding));
        }
    }

    [Test]
    public void Y_of_p_or_more_is_refused_where_y_itself_is_read([Range(0, 18)] int y, [Values] bool isNegative)
    {
        // All nineteen are asked; some of those below are points, among them such as are not of small order.
        var sign = isNegative ? Sign : 0;
        Assert.That(PointEncoding.TryRead(Bytes(y + sign), out _), Is.EqualTo(Decode(Bytes(y + sign)) is not null));
        Assert.That(PointEncoding.TryRead(Bytes(P + y + sign), out _), Is.False);
    }

    [Test]
    public void Some_of_the_refused_encodings_would_be_points_not_of_small_order() =>
        Assert.That(Enumerable.Range(0, 19).Count(y => DecodeLeniently(Bytes(P + y)) is { } point && !IsOfSmallOrder(point)), Is.GreaterThan(3));

    [Test]
    public void Negative_zero_is_refused_where_zero_is_read()
    {
        Assert.Multiple(() =>
        {
            Assert.That(PointEncoding.TryRead(Bytes(1), out _), Is.True);
            Assert.That(PointEncoding.TryRead(Bytes(1 + Sign), out _), Is.False);
            Assert.That(PointEncoding.TryRead(Bytes(P - 1), out _), Is.True);
            Assert.That(PointEncoding.TryRead(Bytes(P - 1 + Sign), out _), Is.False);
        });
    }

    [Test]
    public void Each_of_the_eight_points_of_small_order_is_read_and_known_as_such([Range(0, 7)] int multiple)
    {
        Assert.That(PointEncoding.TryRead(Encode(SmallOrderPoints[multiple]), out var point), Is.True);
        Assert.That(point.ToProjective().MultiplyByCofactor().IsIdentity, Is.True);
        Assert.That(point.ToProjective().IsIdentity, Is.EqualTo(multiple == 0));
    }

    [Test]
    public void Base_point_is_that_of_RFC_8032()
    {
        const string encoding = "5866666666666666666666666666666666666666666666666666666666666666";
        Assert.That(Convert.ToHexStringLower(Written(BasePoint.Value)), Is.EqualTo(encoding));
        Assert.That(BasePoint.Value.ToProjective().MultiplyByCofactor().IsIdentity, Is.False);
    }

    internal static byte[] Written(in ExtendedPoint point)
    {
        var inverse = point.Z.Invert();
        var bytes = new byte[PointEncoding.Size];
        (point.Y * inverse).WriteTo(bytes);
        if ((point.X * inverse).IsNegative)
            bytes[^1] |= 0x80;
        return bytes;
    }

    private static byte[] RandomBytes(Random random)
    {
        var bytes = new byte[32];
        random.NextBytes(bytes);
        return bytes;
    }
}
