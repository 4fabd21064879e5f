using FsCheck;
using FsCheck.Fluent;
using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;

namespace Koii.Ed25519.Tests.Curve.Vectors;

/// <summary>
/// The limbs of vectors of doubles, up to the last that their arithmetic can bear and not only as far as the counts go.
/// </summary>
[TestFixture]
internal sealed class FieldVectorBoundsTests
{
    private const long TightLimb = (1L << 50) + (1L << 10);

    // Products of limbs stay below 2^102: those of two of the first, and twice those of two of the second, ⌊2^50.5⌋.
    private const long MaxFactorLimb = (1L << 51) - 1;
    private const long MaxSquareLimb = 1_592_262_918_131_443;

    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(2_000);

    [Test]
    public void Products_of_limbs_up_to_2_to_the_102_are_right_and_tight() =>
        Check.One(Config, Prop.ForAll(Limbs(MaxFactorLimb), Limbs(MaxFactorLimb), (a, b) =>
        {
            var product = LimbRows.Of(Vector(a) * Vector(b));
            return product.HaveLimbsUpTo(TightLimb) && product.AreWorth(lane => a[lane] * b[lane]);
        }));

    [Test]
    public void Wide_limbs_meet_narrow_ones_up_to_the_same_bound() =>
        Check.One(Config, Prop.ForAll(Limbs(1L << 53), Limbs((1L << 49) - 1), (a, b) =>
        {
            var product = LimbRows.Of(Vector(a) * Vector(b));
            return product.HaveLimbsUpTo(TightLimb) && product.AreWorth(lane => a[lane] * b[lane]);
        }));

    [Test]
    public void Squares_of_limbs_whose_doubled_products_stay_below_2_to_the_102_are_right_and_tight() =>
        Check.One(Config, Prop.ForAll(Limbs(MaxSquareLimb), a =>
        {
            var square = LimbRows.Of(Vector(a).Square());
            return square.HaveLimbsUpTo(TightLimb) && square.AreWorth(lane => a[lane] * a[lane]);
        }));

    [Test]
    public void Greatest_limb_of_a_square_is_the_last_that_fits()
    {
        Assert.That(2 * (Int128)MaxSquareLimb * MaxSquareLimb, Is.LessThan(Int128.One << 102));
        Assert.That(2 * (Int128)(MaxSquareLimb + 1) * (MaxSquareLimb + 1), Is.GreaterThan(Int128.One << 102));
    }

    [Test]
    public void Tightened_limbs_are_tight_and_worth_what_they_were([Range(1, 4)] int count) =>
        Check.One(Config, Prop.ForAll(Limbs(count * TightLimb), a =>
        {
            var tightened = LimbRows.Of(Vector(a).Tighten());
            return tightened.HaveLimbsUpTo(TightLimb) && tightened.AreWorth(lane => a[lane]);
        }));

    [Test]
    public void Limbs_of_sums_and_differences_are_those_of_whole_numbers() =>
        Check.One(Config, Prop.ForAll(Limbs(2 * TightLimb), Limbs(2 * TightLimb), (a, b) =>
            HasLimbs(Vector(a) + Vector(b), a, b, 1) && HasLimbs(Vector(a) - Vector(b), a, b, -1)));

    [Test]
    public void Lane_of_what_counts_3_at_most_is_tight_and_has_its_value() =>
        Check.One(Config, Prop.ForAll(Limbs(3 * TightLimb), a => Enumerable.Range(0, Lanes256.Count).All(lane =>
        {
            var element = LimbRows.Of(Vector(a).ToLane(lane));
            return element.AreTight<FieldElement>() && element.AreWorth(_ => a[lane]);
        })));

    [Test]
    public void Elements_with_limbs_of_any_size_are_tight_in_lanes() =>
        Check.One(Config, Prop.ForAll(LimbRows.Within(0, 1L << 54, Lanes256.Count).ToArbitrary(), rows =>
        {
            var vector = LimbRows.Of(FieldVector.FromLanes([.. Enumerable.Range(0, Lanes256.Count).Select(rows.Element)]));
            return vector.HaveLimbsUpTo(TightLimb) && vector.AreWorth(lane => rows[lane]);
        }));

    private static bool HasLimbs(FieldVector result, LimbRows a, LimbRows b, int sign) =>
        LimbRows.Of(result).Rows.Zip(a.Rows, b.Rows).All(rows => rows.First.SequenceEqual(rows.Second.Zip(rows.Third, (x, y) => x + (sign * y))));

    private static FieldVector Vector(LimbRows rows) => rows.To<FieldVector>();

    private static Arbitrary<LimbRows> Limbs(long greatest) => LimbRows.Within(-greatest, greatest, Lanes256.Count).ToArbitrary();
}
