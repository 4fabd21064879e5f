using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Koii.DbSharing.Signatures.Edwards25519;
using static Koii.DbSharing.Tests.Signatures.ReferenceEd25519;

namespace Koii.DbSharing.Tests.Signatures.Edwards25519;

/// <summary>Arithmetic modulo L against whole numbers.</summary>
[TestFixture]
internal sealed class ScalarTests
{
    private static readonly BigInteger Beyond512Bits = BigInteger.One << 512;
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(2_000);

    private static IEnumerable<BigInteger> BelowL => [0, 1, 2, L / 2, L - 2, L - 1];

    private static IEnumerable<BigInteger> NotBelowL => [L, L + 1, 2 * L, BigInteger.One << 253, BigInteger.One << 255, (BigInteger.One << 256) - 1];

    [TestCaseSource(nameof(BelowL))]
    public void Number_below_L_is_read_zero_included(BigInteger number)
    {
        Assert.That(Scalar.TryRead(Bytes(number), out var scalar), Is.True);
        Assert.That(Written(scalar), Is.EqualTo(number));
    }

    [TestCaseSource(nameof(NotBelowL))]
    public void Number_from_L_on_is_not_read(BigInteger number) => Assert.That(Scalar.TryRead(Bytes(number), out _), Is.False);

    [Test]
    public void Reduction_is_the_remainder() =>
        Check.One(Config, Prop.ForAll(Numbers, number => Written(Reduce(number)) == number % L));

    [Test]
    public void Reduction_is_the_remainder_at_both_sides_of_multiples_of_L()
    {
        var random = new Random(8032);
        var greatest = Beyond512Bits / L;
        for (var i = 0; i < 500; i++)
        {
            var quotient = i switch { 0 => greatest, 1 => BigInteger.One, _ => RandomNumber(random) % greatest };
            foreach (var offset in (int[])[-2, -1, 0, 1, 2])
                Assert.That(Written(Reduce((quotient * L) + offset)), Is.EqualTo(ModuloL(offset)), $"{quotient}·L + {offset}");
        }

        Assert.That(Written(Reduce(Beyond512Bits - 1)), Is.EqualTo((Beyond512Bits - 1) % L));
    }

    [Test]
    public void Thirty_two_bytes_are_reduced_too() =>
        Check.One(Config, Prop.ForAll(Numbers, number =>
            Written(Scalar.Reduce(Bytes(number % (BigInteger.One << 256)))) == number % (BigInteger.One << 256) % L));

    [Test]
    public void Product_and_sum_are_those_of_numbers() =>
        Check.One(Config, Prop.ForAll(Numbers, Numbers, Numbers, (a, b, c) =>
            Written(Scalar.MultiplyAdd(Reduce(a), Reduce(b), Reduce(c))) == ((a % L * (b % L)) + (c % L)) % L));

    [Test]
    public void Product_and_sum_of_the_greatest_are_right()
    {
        var greatest = Reduce(L - 1);
        Assert.That(Written(Scalar.MultiplyAdd(greatest, greatest, greatest)), Is.EqualTo(((L - 1) * (L - 1) + L - 1) % L));
    }

    [Test]
    public void Non_adjacent_form_is_sparse_odd_and_worth_the_number([Range(2, 8)] int width) =>
        Check.One(Config.WithMaxTest(300), Prop.ForAll(Numbers, number =>
        {
            var digits = new sbyte[Scalar.NonAdjacentFormLength];
            Array.Fill(digits, (sbyte)99);
            Reduce(number).WriteNonAdjacentForm(width, digits);

            var places = Enumerable.Range(0, digits.Length).Where(i => digits[i] != 0).ToArray();
            return Worth(digits, 2) == number % L
                && places.All(i => digits[i] % 2 != 0 && Math.Abs((int)digits[i]) < 1 << (width - 1))
                && places.Zip(places.Skip(1)).All(pair => pair.Second - pair.First >= width);
        }));

    [Test]
    public void Digits_of_radix_16_are_from_minus_8_to_7_and_worth_the_number() =>
        Check.One(Config, Prop.ForAll(Numbers, number =>
        {
            var digits = new sbyte[Scalar.Radix16Length];
            Reduce(number).WriteSignedRadix16(digits);
            return Worth(digits, 16) == number % L && digits.All(digit => digit is >= -8 and <= 7);
        }));

    /// <summary>Of 512 bits: random ones, those next to powers of two, and small ones on both sides of multiples of L.</summary>
    private static Arbitrary<BigInteger> Numbers
    {
        get
        {
            var random = Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf(64).Select(bytes => Number(bytes));
            var nearPowers = Gen.Choose(0, 511).Zip(Gen.Choose(-2, 2)).Select(pair => (BigInteger.One << pair.Item1) + pair.Item2);
            var nearL = Gen.Choose(0, 1000).Zip(Gen.Choose(-2, 2)).Select(pair => (pair.Item1 * L) + pair.Item2);
            var long1S = Gen.Choose(1, 512).Select(bits => (BigInteger.One << bits) - 1);
            return Gen.OneOf(random, nearPowers, nearL, long1S).Select(number => BigInteger.Max(number, 0)).ToArbitrary();
        }
    }

    private static BigInteger RandomNumber(Random random)
    {
        var bytes = new byte[64];
        random.NextBytes(bytes);
        return Number(bytes);
    }

    private static Scalar Reduce(BigInteger number)
    {
        var bytes = new byte[64];
        number.ToByteArray(isUnsigned: true).CopyTo(bytes, 0);
        return Scalar.Reduce(bytes);
    }

    private static BigInteger Written(Scalar scalar)
    {
        var bytes = new byte[Scalar.Size];
        scalar.WriteTo(bytes);
        return Number(bytes);
    }

    private static BigInteger Worth(sbyte[] digits, int radix)
    {
        var worth = BigInteger.Zero;
        foreach (var digit in digits.Reverse())
            worth = (worth * radix) + digit;
        return worth;
    }
}
