using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve.Vectors;

/// <summary>
/// What every kind of field vector promises, against whole numbers, each lane with elements of its own and limbs up to
/// the bounds of the counts.
/// </summary>
[TestFixture(TypeArgs = [typeof(FieldElement)])]
[TestFixture(TypeArgs = [typeof(FieldVector)])]
internal sealed class FieldVectorTests<TField>
    where TField : struct, IFieldVector<TField>
{
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(1_000);

    [Test]
    public void Sums_and_differences_are_those_of_numbers([Range(2, 4)] int count) =>
        Check.One(Config, Prop.ForAll(LimbRows.Tight<TField>(count), Signs, (terms, signs) =>
            LimbRows.Of(Sum(terms, signs)).AreWorth(lane => Sum(terms, signs, lane))));

    [Test]
    public void Product_is_right_and_tight_where_counts_multiply_to_3_at_most([Range(1, 3)] int count, [Values] bool isWideFirst) =>
        Check.One(Config, Prop.ForAll(LimbRows.Tight<TField>(count + 1), Signs, (terms, signs) =>
        {
            var narrow = terms[count].To<TField>();
            var wide = Sum(terms[..count], signs);
            var product = LimbRows.Of(isWideFirst ? wide * narrow : narrow * wide);
            return product.AreTight<TField>() && product.AreWorth(lane => Sum(terms[..count], signs, lane) * terms[count][lane]);
        }));

    [Test]
    public void Square_is_right_and_tight() =>
        Check.One(Config, Prop.ForAll(LimbRows.Tight<TField>(1), terms =>
        {
            var square = LimbRows.Of(terms[0].To<TField>().Square());
            return square.AreTight<TField>() && square.AreWorth(lane => terms[0][lane] * terms[0][lane]);
        }));

    [Test]
    public void Repeated_square_is_right_and_tight([Values(1, 2, 5, 11)] int times) =>
        Check.One(Config.WithMaxTest(100), Prop.ForAll(LimbRows.Tight<TField>(1), terms =>
        {
            var power = LimbRows.Of(terms[0].To<TField>().SquareRepeatedly(times));
            return power.AreTight<TField>() && power.AreWorth(lane => BigInteger.ModPow(Modulo(terms[0][lane]), BigInteger.One << times, P));
        }));

    [Test]
    public void What_counts_4_is_tightened_and_fits_a_product_then([Range(1, 4)] int count) =>
        Check.One(Config, Prop.ForAll(LimbRows.Tight<TField>(count + 3), Signs, (terms, signs) =>
        {
            var tightened = Sum(terms[..count], signs).Tighten();
            var product = LimbRows.Of(tightened * Sum(terms[count..], signs));
            return LimbRows.Of(tightened).AreWorth(lane => Sum(terms[..count], signs, lane))
                && product.AreTight<TField>()
                && product.AreWorth(lane => Sum(terms[..count], signs, lane) * Sum(terms[count..], signs, lane));
        }));

    [Test]
    public void Powers_are_those_of_numbers() =>
        Check.One(Config.WithMaxTest(20), Prop.ForAll(LimbRows.Tight<TField>(1), terms =>
            LimbRows.Of(Powers<TField>.Invert(terms[0].To<TField>())).AreWorth(lane => BigInteger.ModPow(terms[0][lane], P - 2, P))
            && LimbRows.Of(Powers<TField>.PowerOfPMinus5Over8(terms[0].To<TField>())).AreWorth(lane => BigInteger.ModPow(terms[0][lane], (P - 5) / 8, P))));

    [Test]
    public void Elements_go_into_lanes_and_come_out_of_them_tight() =>
        Check.One(Config, Prop.ForAll(LimbRows.Tight<FieldElement>(TField.Lanes), elements =>
        {
            var vector = TField.FromLanes([.. elements.Select(element => element.Element(0))]);
            var lanes = Enumerable.Range(0, TField.Lanes).Select(lane => LimbRows.Of(vector.ToLane(lane)));
            return LimbRows.Of(vector).AreTight<TField>()
                && LimbRows.Of(vector).AreWorth(lane => elements[lane][0])
                && lanes.Zip(elements).All(pair => pair.First.AreTight<FieldElement>() && pair.First.AreWorth(_ => pair.Second[0]));
        }));

    [Test]
    public void Elements_with_the_limbs_of_a_difference_go_into_lanes_too() =>
        Check.One(Config, Prop.ForAll(LimbRows.Within(0, 1L << 54, TField.Lanes).ToArbitrary(), rows =>
            LimbRows.Of(TField.FromLanes([.. Enumerable.Range(0, TField.Lanes).Select(rows.Element)])).AreWorth(lane => rows[lane])));

    [Test]
    public void Element_is_spread_over_all_lanes() =>
        Check.One(Config, Prop.ForAll(LimbRows.Tight<FieldElement>(1), elements =>
        {
            var vector = LimbRows.Of(TField.Broadcast(elements[0].Element(0)));
            return vector.AreTight<TField>() && vector.AreWorth(_ => elements[0][0]);
        }));

    [Test]
    public void Lane_of_what_counts_3_at_most_is_right([Range(1, 3)] int count) =>
        Check.One(Config, Prop.ForAll(LimbRows.Tight<TField>(count), Signs, (terms, signs) =>
            Enumerable.Range(0, TField.Lanes).All(lane => LimbRows.Of(Sum(terms, signs).ToLane(lane)).AreWorth(_ => Sum(terms, signs, lane)))));

    [Test]
    public void Words_are_written_where_they_belong_and_read_into_all_lanes([Values(5, 15)] int stride) =>
        Check.One(Config, Prop.ForAll(LimbRows.Tight<TField>(1), terms =>
        {
            const ulong untouched = 0xABAD1DEA;
            var words = Enumerable.Repeat(untouched, TField.Lanes * stride).ToArray();
            terms[0].To<TField>().WriteWords(words, stride);
            return Enumerable.Range(0, TField.Lanes).All(lane =>
                LimbRows.Of(TField.BroadcastWords(in words[lane * stride])).Rows.All(row => row.SequenceEqual(terms[0].Rows[lane]))
                && words[((lane * stride) + FieldElement.Limbs)..((lane + 1) * stride)].All(word => word == untouched));
        }));

    [Test]
    public void Points_are_negated_in_lanes_with_a_negative_number_only() =>
        Check.One(Config, Prop.ForAll(LimbRows.Tight<TField>(3), Numbers, (terms, numbers) =>
        {
            TField yPlusX = terms[0].To<TField>(), yMinusX = terms[1].To<TField>(), xy = terms[2].To<TField>();
            TField.NegateWhereNegative(numbers, ref yPlusX, ref yMinusX, ref xy);
            return LimbRows.Of(yPlusX).AreWorth(lane => terms[numbers[lane] < 0 ? 1 : 0][lane])
                && LimbRows.Of(yMinusX).AreWorth(lane => terms[numbers[lane] < 0 ? 0 : 1][lane])
                && LimbRows.Of(xy).AreWorth(lane => numbers[lane] < 0 ? -terms[2][lane] : terms[2][lane]);
        }));

    [Test]
    public void Negated_element_is_a_factor_like_any() =>
        Check.One(Config, Prop.ForAll(LimbRows.Tight<TField>(2), terms =>
        {
            var product = LimbRows.Of(Negate(terms[0].To<TField>()) * terms[1].To<TField>());
            return product.AreTight<TField>() && product.AreWorth(lane => -terms[0][lane] * terms[1][lane]);
        }));

    [Test]
    public void Negated_zero_is_zero_in_every_operation() =>
        Check.One(Config, Prop.ForAll(LimbRows.Tight<TField>(1), terms =>
        {
            // A double has a zero below zero.
            var (zero, other) = (Negate(TField.Broadcast(FieldElement.Zero)), terms[0].To<TField>());
            TField[] zeros =
                [zero, Negate(zero), zero + zero, zero - other + other, zero * zero, zero * other, other * zero, zero.Square(), zero.Tighten(), (zero + zero).Tighten()];
            TField[] others = [zero + other, other + zero, other - zero * zero, (other + zero).Tighten(), Negate(Negate(other))];
            var words = new ulong[TField.Lanes * FieldElement.Limbs];
            zero.WriteWords(words, FieldElement.Limbs);
            return zeros.All(value => LimbRows.Of(value).AreWorth(_ => 0))
                && others.All(value => LimbRows.Of(value).AreWorth(lane => terms[0][lane]))
                && zero.ToLane(TField.Lanes - 1).IsZero
                && LimbRows.Of(TField.BroadcastWords(in words[0]) + other).AreWorth(lane => terms[0][lane]);
        }));

    private static Arbitrary<int> Signs => Gen.Choose(0, 15).ToArbitrary();

    private static Arbitrary<int[]> Numbers => Gen.Elements(int.MinValue, int.MinValue + 1, -1, 0, 1, int.MaxValue).ArrayOf(TField.Lanes).ToArbitrary();

    /// <summary>The first term and the others, each added or, where its bit is set, taken away.</summary>
    private static TField Sum(LimbRows[] terms, int signs)
    {
        var sum = terms[0].To<TField>();
        for (var i = 1; i < terms.Length; i++)
            sum = IsTakenAway(signs, i) ? sum - terms[i].To<TField>() : sum + terms[i].To<TField>();
        return sum;
    }

    private static BigInteger Sum(LimbRows[] terms, int signs, int lane) =>
        terms.Select((term, i) => i > 0 && IsTakenAway(signs, i) ? -term[lane] : term[lane]).Aggregate(BigInteger.Add);

    private static bool IsTakenAway(int signs, int i) => ((signs >> i) & 1) != 0;

    private static TField Negate(TField element)
    {
        TField one = TField.Broadcast(FieldElement.One), other = one;
        TField.NegateWhereNegative([.. Enumerable.Repeat(-1, TField.Lanes)], ref one, ref other, ref element);
        return element;
    }
}
