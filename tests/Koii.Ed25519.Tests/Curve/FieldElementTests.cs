using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve;

/// <summary>
/// Field arithmetic against whole numbers, on random limbs and on limbs at every bound that the code names.
/// </summary>
[TestFixture]
internal sealed class FieldElementTests
{
    private const ulong MaxFactorLimb = 1UL << 54;
    private const ulong MaxSubtrahendLimb = (1UL << 52) - 38;

    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(2_000);

    [Test]
    public void Written_form_is_the_value_modulo_p() =>
        Check.One(Config, Prop.ForAll(Limbs(1UL << 62), a => Written(a.ToElement()) == a.Value % P));

    [Test]
    public void Read_is_the_inverse_of_write_and_ignores_the_highest_bit() =>
        Check.One(Config, Prop.ForAll(Limbs(MaxFactorLimb), a =>
        {
            var bytes = Bytes(a.Value % P);
            bytes[31] |= 0x80;
            return Written(FieldElement.Read(bytes)) == a.Value % P;
        }));

    [Test]
    public void Numbers_around_p_have_one_written_form([Range(-20, 20)] int offset)
    {
        var bytes = Bytes((P + offset) & ((BigInteger.One << 255) - 1));
        Assert.That(Written(FieldElement.Read(bytes)), Is.EqualTo(Number(bytes) % P));
    }

    [Test]
    public void Sum_is_that_of_numbers() =>
        Check.One(Config, Prop.ForAll(Limbs(MaxFactorLimb), Limbs(MaxFactorLimb), (a, b) =>
            Written(a.ToElement() + b.ToElement()) == (a.Value + b.Value) % P));

    [Test]
    public void Difference_is_that_of_numbers() =>
        Check.One(Config, Prop.ForAll(Limbs(MaxFactorLimb), Limbs(MaxSubtrahendLimb), (a, b) =>
            Written(a.ToElement() - b.ToElement()) == Modulo(a.Value - b.Value)));

    [Test]
    public void Negation_is_that_of_numbers() =>
        Check.One(Config, Prop.ForAll(Limbs(MaxSubtrahendLimb), a => Written(-a.ToElement()) == Modulo(-a.Value)));

    [Test]
    public void Product_is_that_of_numbers() =>
        Check.One(Config, Prop.ForAll(Limbs(MaxFactorLimb), Limbs(MaxFactorLimb), (a, b) =>
            Written(a.ToElement() * b.ToElement()) == a.Value * b.Value % P));

    [Test]
    public void Product_of_the_greatest_factors_is_right()
    {
        var greatest = new LimbSample([MaxFactorLimb, MaxFactorLimb, MaxFactorLimb, MaxFactorLimb, MaxFactorLimb]);
        Assert.Multiple(() =>
        {
            Assert.That(Written(greatest.ToElement() * greatest.ToElement()), Is.EqualTo(greatest.Value * greatest.Value % P));
            Assert.That(Written(greatest.ToElement().Square()), Is.EqualTo(greatest.Value * greatest.Value % P));
        });
    }

    [Test]
    public void Square_is_that_of_numbers() =>
        Check.One(Config, Prop.ForAll(Limbs(MaxFactorLimb), a => Written(a.ToElement().Square()) == a.Value * a.Value % P));

    [Test]
    public void Inverse_is_that_of_numbers() =>
        Check.One(Config.WithMaxTest(200), Prop.ForAll(Limbs(MaxFactorLimb), a =>
            Written(a.ToElement().Invert()) == BigInteger.ModPow(a.Value, P - 2, P)));

    [Test]
    public void Inverse_of_zero_is_zero() => Assert.That(FieldElement.Zero.Invert().IsZero, Is.True);

    [Test]
    public void Power_for_roots_is_that_of_numbers() =>
        Check.One(Config.WithMaxTest(200), Prop.ForAll(Limbs(MaxFactorLimb), a =>
            Written(Powers<FieldElement>.PowerOfPMinus5Over8(a.ToElement())) == BigInteger.ModPow(a.Value, (P - 5) / 8, P)));

    [Test]
    public void Sign_and_zero_are_those_of_the_value_below_p() =>
        Check.One(Config, Prop.ForAll(Limbs(MaxFactorLimb), a =>
            a.ToElement().IsNegative == !(a.Value % P).IsEven && a.ToElement().IsZero == (a.Value % P).IsZero));

    [Test]
    public void Equal_values_in_different_limbs_are_equal()
    {
        // p and 0, 2^51 and (0, 1).
        var p = new FieldElement((1UL << 51) - 19, (1UL << 51) - 1, (1UL << 51) - 1, (1UL << 51) - 1, (1UL << 51) - 1);
        Assert.Multiple(() =>
        {
            Assert.That(p.IsZero, Is.True);
            Assert.That(p.HasValueOf(FieldElement.Zero), Is.True);
            Assert.That(new FieldElement(1UL << 51, 0, 0, 0, 0).HasValueOf(new FieldElement(0, 1, 0, 0, 0)), Is.True);
            Assert.That(FieldElement.One.HasValueOf(FieldElement.Zero), Is.False);
        });
    }

    [Test]
    public void Constants_of_the_curve_are_what_they_are_called()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Written(EdwardsCurve.D), Is.EqualTo(D));
            Assert.That(Written(EdwardsCurve.TwiceD), Is.EqualTo(2 * D % P));
            Assert.That(Written(EdwardsCurve.SqrtOfMinusOne.Square()), Is.EqualTo(P - 1));
        });
    }

    private static BigInteger Written(in FieldElement element)
    {
        var bytes = new byte[FieldElement.Size];
        element.WriteTo(bytes);
        return Number(bytes);
    }

    private static Arbitrary<LimbSample> Limbs(ulong max)
    {
        ulong[] bounds = [0, 1, 18, 19, 20, (1UL << 51) - 19, (1UL << 51) - 1, 1UL << 51, (1UL << 51) + (1UL << 13), (1UL << 52) - 38, max - 1, max];
        var atBounds = Gen.Elements(bounds.Where(bound => bound <= max));
        var anywhere = Gen.Choose(0, int.MaxValue).Two().Select(halves => (((ulong)halves.Item1 << 31) | (uint)halves.Item2) % (max + 1));
        var small = anywhere.Select(limb => Math.Min(limb % (1UL << 51), max));
        return Gen.Frequency((1, atBounds), (1, anywhere), (1, small)).ArrayOf(5).Select(limbs => new LimbSample(limbs)).ToArbitrary();
    }

    private sealed record LimbSample(ulong[] Limbs)
    {
        internal BigInteger Value => Limbs.Select((limb, i) => (BigInteger)limb << (51 * i)).Aggregate(BigInteger.Add);

        internal FieldElement ToElement() => new(Limbs[0], Limbs[1], Limbs[2], Limbs[3], Limbs[4]);

        public override string ToString() => string.Join(", ", Limbs.Select(limb => $"0x{limb:x}"));
    }
}
