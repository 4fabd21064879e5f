using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;
using static Koii.Ed25519.Tests.Curve.PointEncodingTests;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve.Vectors;

/// <summary>The memory form of points that will be added.</summary>
[TestFixture(TypeArgs = [typeof(FieldElement)])]
[TestFixture(TypeArgs = [typeof(FieldVector)])]
internal sealed class AffinePointTests<TField>
    where TField : struct, IFieldVector<TField>
{
    [Test]
    public void Point_is_read_from_the_words_that_were_written()
    {
        foreach (var point in PointArithmeticTests.Points)
        {
            var read = AffinePoint.Read<TField>(AffinePoint.ToWords<TField>(FromReference.AffinePoint(point)));
            Assert.That(Written(read), Is.EqualTo(Encode(point)), $"{point}");
            Assert.That(read.T.HasValueOf(read.X * read.Y) && read.Z.HasValueOf(FieldElement.One), Is.True, $"{point}");
        }
    }

    [Test]
    public void Words_are_the_halved_sum_and_difference_and_the_product_of_both_coordinates()
    {
        foreach (var point in PointArithmeticTests.Points)
        {
            var (x, y) = FromReference.Affine(point);
            AffinePoint.Broadcast<TField>(
                [.. new ulong[AffinePoint.Words], .. AffinePoint.ToWords<TField>(FromReference.AffinePoint(point))], 1, out var yPlusX, out var yMinusX, out var dxy);
            Assert.Multiple(() =>
            {
                Assert.That(LimbRows.Of(yPlusX + yPlusX).AreWorth(_ => y + x), Is.True, $"{point}");
                Assert.That(LimbRows.Of(yMinusX + yMinusX).AreWorth(_ => y - x), Is.True, $"{point}");
                Assert.That(LimbRows.Of(dxy).AreWorth(_ => D * x * y), Is.True, $"{point}");
                Assert.That(((LimbRows[])[LimbRows.Of(yPlusX), LimbRows.Of(yMinusX), LimbRows.Of(dxy)]).All(rows => rows.AreTight<TField>()), Is.True, $"{point}");
            });
        }
    }
}
