using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;
using static Koii.Ed25519.Tests.Curve.PointEncodingTests;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve.Vectors;

/// <summary>Points side by side against the reference, each lane with points of its own.</summary>
[TestFixture(TypeArgs = [typeof(FieldElement)])]
[TestFixture(TypeArgs = [typeof(FieldVector)])]
internal sealed class PointVectorTests<TField>
    where TField : struct, IFieldVector<TField>
{
    private const ulong Untouched = 0xABAD1DEA;

    // Among them doubles, opposites and the identity: the formulas know no exception.
    private static readonly (Point P, Point Q)[] Pairs = [.. PointArithmeticTests.Points.SelectMany(p => PointArithmeticTests.Points.Select(q => (p, q)))];

    [Test]
    public void Sum_of_any_two_points_is_right()
    {
        var twiceD = TField.Broadcast(EdwardsCurve.TwiceD);
        foreach (var pairs in Pairs.Chunk(TField.Lanes))
        {
            var sum = Points([.. pairs.Select(pair => pair.P)]).Add(Points([.. pairs.Select(pair => pair.Q)]), twiceD);
            AssertAreSums(sum, pairs);
        }
    }

    [Test]
    public void Sum_with_any_point_whose_Z_is_1_is_right()
    {
        foreach (var pairs in Pairs.Chunk(TField.Lanes))
        {
            var q = pairs.Select(pair => FromReference.AffinePoint(pair.Q)).ToArray();
            var half = FieldElement.FromInt32(2).Invert();
            var sum = Points([.. pairs.Select(pair => pair.P)]).Add(
                Lanes([.. q.Select(point => (point.Y + point.X) * half)]),
                Lanes([.. q.Select(point => (point.Y - point.X) * half)]),
                Lanes([.. q.Select(point => point.T * EdwardsCurve.D)]));
            AssertAreSums(sum, pairs);
        }
    }

    [Test]
    public void Identity_is_that_in_all_lanes() =>
        Assert.That(Enumerable.Range(0, TField.Lanes).Select(lane => Written(PointVector<TField>.Identity.ToLane(lane))), Is.All.EqualTo(Encode(Identity)));

    [Test]
    public void Points_are_stored_at_their_offsets_and_nowhere_else_and_loaded_from_them()
    {
        var random = new Random(2008);
        for (var round = 0; round < 50; round++)
        {
            // Offsets are of any order, and there are gaps of one word between some.
            var slots = Enumerable.Range(0, 2 * TField.Lanes).ToArray();
            random.Shuffle(slots);
            var offsets = slots[..TField.Lanes].Select(slot => (slot * (PointVector<TField>.Words + 1)) + 1).ToArray();
            var words = Enumerable.Repeat(Untouched, 1 + (slots.Length * (PointVector<TField>.Words + 1))).ToArray();
            var points = RandomRows(random);

            TField.StorePoints(points, ref words[0], offsets);
            var moved = offsets.Skip(1).Append(offsets[0]).ToArray();
            AssertAreSame(TField.LoadPoints(in words[0], offsets), points, shift: 0);
            AssertAreSame(TField.LoadPoints(in words[0], moved), points, shift: 1);

            foreach (var offset in offsets)
                words.AsSpan(offset, PointVector<TField>.Words).Fill(Untouched);
            Assert.That(words, Is.All.EqualTo(Untouched), $"round {round}");
        }
    }

    [Test]
    public void Points_at_one_offset_are_loaded_into_several_lanes()
    {
        var words = new ulong[TField.Lanes * PointVector<TField>.Words];
        var points = RandomRows(new Random(3));
        TField.StorePoints(points, ref words[0], [.. Enumerable.Range(0, TField.Lanes).Select(lane => lane * PointVector<TField>.Words)]);
        var last = (TField.Lanes - 1) * PointVector<TField>.Words;
        var loaded = TField.LoadPoints(in words[0], [.. Enumerable.Repeat(last, TField.Lanes)]);
        foreach (var (actual, expected) in Coordinates(loaded).Zip(Coordinates(points)))
            Assert.That(actual.Rows, Is.All.EqualTo(expected.Rows[^1]));
    }

    private static void AssertAreSums(in PointVector<TField> sum, (Point P, Point Q)[] pairs)
    {
        Assert.That(Coordinates(sum).All(rows => rows.AreTight<TField>()), Is.True, "tight");
        for (var lane = 0; lane < pairs.Length; lane++)
        {
            var point = sum.ToLane(lane);
            Assert.That(Written(point), Is.EqualTo(Encode(Add(pairs[lane].P, pairs[lane].Q))), $"lane {lane}: {pairs[lane]}");
            Assert.That((point.T * point.Z).HasValueOf(point.X * point.Y), Is.True, $"T of lane {lane}: {pairs[lane]}");
        }
    }

    private static void AssertAreSame(in PointVector<TField> loaded, in PointVector<TField> stored, int shift)
    {
        foreach (var (actual, expected) in Coordinates(loaded).Zip(Coordinates(stored)))
            Assert.That(actual.Rows, Is.EqualTo(expected.Rows.Skip(shift).Concat(expected.Rows.Take(shift))));
    }

    private static LimbRows[] Coordinates(in PointVector<TField> points) =>
        [LimbRows.Of(points.X), LimbRows.Of(points.Y), LimbRows.Of(points.Z), LimbRows.Of(points.T)];

    /// <summary>No points of the curve, but every limb is one of a kind.</summary>
    private static PointVector<TField> RandomRows(Random random)
    {
        return new PointVector<TField>(Coordinate(), Coordinate(), Coordinate(), Coordinate());

        TField Coordinate() => new LimbRows([.. Enumerable.Range(0, TField.Lanes).Select(_ => RandomLimbs(random))]).To<TField>();
    }

    private static long[] RandomLimbs(Random random) => [.. Enumerable.Range(0, FieldElement.Limbs).Select(_ => random.NextInt64(1L << 50))];

    private static PointVector<TField> Points(Point[] points)
    {
        var read = points.Select(FromReference.Point).ToArray();
        return new PointVector<TField>(
            Lanes([.. read.Select(point => point.X)]),
            Lanes([.. read.Select(point => point.Y)]),
            Lanes([.. read.Select(point => point.Z)]),
            Lanes([.. read.Select(point => point.T)]));
    }

    // Lanes that are left over take zeros.
    private static TField Lanes(FieldElement[] elements) =>
        TField.FromLanes([.. elements, .. Enumerable.Repeat(FieldElement.Zero, TField.Lanes - elements.Length)]);
}
