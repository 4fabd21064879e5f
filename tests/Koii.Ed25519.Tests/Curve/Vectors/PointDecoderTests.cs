using System.Numerics;
using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;
using static Koii.Ed25519.Tests.Curve.PointEncodingTests;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve.Vectors;

/// <summary>Clause 2 of protocol §2 where many encodings are read at once.</summary>
[TestFixture(TypeArgs = [typeof(FieldElement)])]
[TestFixture(TypeArgs = [typeof(FieldVector)])]
internal sealed class PointDecoderTests<TField>
    where TField : struct, IFieldVector<TField>
{
    private const ulong Untouched = 0xABAD1DEA;

    /// <summary>
    /// Random ones, half of them points; the canonical and other encodings of points of small order; y around 0 and p;
    /// each with both signs.
    /// </summary>
    private static readonly byte[][] Encodings = MakeEncodings();

    private static readonly bool[] AreValid = [.. Encodings.Select(encoding => Decode(encoding) is not null)];

    [Test]
    public void Encodings_are_of_both_kinds() => Assert.That(AreValid.Count(isValid => isValid), Is.InRange(100, Encodings.Length - 100));

    [Test]
    public void Encoding_is_read_exactly_when_the_reference_reads_it_whatever_stands_beside_it([Values(1, 2, 3)] int seed)
    {
        var indices = Enumerable.Range(0, Encodings.Length).ToArray();
        new Random(seed).Shuffle(indices);
        AssertAreDecoded(indices);
    }

    [Test]
    public void Only_given_indices_are_read_and_written([Range(0, 17)] int count)
    {
        var random = new Random(count);
        for (var round = 0; round < 5; round++)
        {
            var indices = Enumerable.Range(0, Encodings.Length).ToArray();
            random.Shuffle(indices);
            AssertAreDecoded(indices[..count]);
        }
    }

    private static void AssertAreDecoded(int[] indices)
    {
        // A result whose index is not given remains as it is, whether true or false.
        var valid = Encodings.Select((_, index) => index % 2 == 0).ToArray();
        var points = Enumerable.Repeat(Untouched, Encodings.Length * AffinePoint.Words).ToArray();
        PointDecoder<TField>.Decode(Encodings.SelectMany(encoding => encoding).ToArray(), indices, points, valid);

        var given = indices.ToHashSet();
        for (var index = 0; index < Encodings.Length; index++)
        {
            var words = AffinePoint.At(points, index);
            var encoding = Convert.ToHexString(Encodings[index]);
            if (!given.Contains(index))
            {
                Assert.That(valid[index], Is.EqualTo(index % 2 == 0), encoding);
                Assert.That(words.ToArray(), Is.All.EqualTo(Untouched), encoding);
                continue;
            }

            Assert.That(valid[index], Is.EqualTo(AreValid[index]), encoding);
            if (valid[index])
                Assert.That(Written(AffinePoint.Read<TField>(words)), Is.EqualTo(Encodings[index]), encoding);
        }
    }

    private static byte[][] MakeEncodings()
    {
        var random = new Random(8032);
        var numbers = Enumerable.Range(0, 100).Select(_ => SignatureKind.RandomScalar(random) * 8)
            .Concat(SmallOrderPoints.Select(point => Number(Encode(point))))
            .Concat(Enumerable.Range(0, 20).Select(y => (BigInteger)y))
            .Concat(Enumerable.Range(-20, 39).Select(y => P + y));
        var sign = BigInteger.One << 255;
        return [.. numbers.SelectMany(number => (BigInteger[])[number & (sign - 1), number | sign]).Select(Bytes)];
    }
}
