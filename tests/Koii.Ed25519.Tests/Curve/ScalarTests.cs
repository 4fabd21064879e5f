using System.Numerics;
using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using Koii.Ed25519.Curve;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve;

/// <summary>Arithmetic modulo L against whole numbers.</summary>
[TestFixture]
internal sealed class ScalarTests
{
    private static readonly BigInteger Beyond512Bits = BigInteger.One << 512;
    private static readonly BigInteger HalfBound = BigInteger.One << 127;
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

            var positions = Enumerable.Range(0, digits.Length).Where(i => digits[i] != 0).ToArray();
            return Worth(digits, 2) == number % L
                && positions.All(i => digits[i] % 2 != 0 && Math.Abs((int)digits[i]) < 1 << (width - 1))
                && positions.Zip(positions.Skip(1)).All(pair => pair.Second - pair.First >= width);
        }));

    [Test]
    public void Negation_is_that_of_numbers() =>
        Check.One(Config, Prop.ForAll(Numbers, number => Written(-Reduce(number)) == ModuloL(-number)));

    [TestCaseSource(nameof(BelowL))]
    public void Negation_at_the_ends_is_below_L(BigInteger number) => Assert.That(Written(-Reduce(number)), Is.EqualTo(ModuloL(-number)));

    [Test]
    public void Signed_number_is_itself_modulo_L() =>
        Check.One(Config, Prop.ForAll(HalfNumbers, number => number == HalfBound || Written(Scalar.FromInt128((Int128)number)) == ModuloL(number)));

    [Test]
    public void Upper_half_starts_at_2_to_the_251() =>
        Check.One(Config, Prop.ForAll(NumbersForWindows, number => Reduce(number).IsInUpperHalf == number % L >= BigInteger.One << 251));

    [Test]
    public void Signed_windows_of_any_number_are_bounded_and_worth_it_or_L_less([Range(2, 15)] int width) =>
        Check.One(Config, Prop.ForAll(NumbersForWindows, Spare, (number, spare) =>
        {
            var digits = SignedWindows(number, width, Scalar.FullBits, spare);
            return digits.All(digit => Math.Abs((int)digit) <= 1 << (width - 1))
                && Worth(digits, 1 << width) is var worth
                && ModuloL(worth) == number % L
                && BigInteger.Abs(worth) <= (BigInteger.One << 251) + (BigInteger.One << 125);
        }));

    [Test]
    public void Signed_windows_of_a_number_of_half_the_length_are_bounded_and_worth_it([Range(2, 15)] int width) =>
        Check.One(Config, Prop.ForAll(HalfNumbers, Spare, (number, spare) =>
        {
            var digits = SignedWindows(ModuloL(number), width, Scalar.HalfBits, spare);
            return digits.All(digit => Math.Abs((int)digit) <= 1 << (width - 1)) && Worth(digits, 1 << width) == number;
        }));

    /// <summary>Numbers whose windows are at the ends: next to 2^251 and half of L, and all windows alike.</summary>
    private static Arbitrary<BigInteger> NumbersForWindows
    {
        get
        {
            var nearHalf = Gen.Elements(BigInteger.One << 251, (L - 1) / 2, L - (BigInteger.One << 251))
                .Zip(Gen.Choose(0, 127).Zip(Gen.Choose(-1, 1)))
                .Select(pair => pair.Item1 + (pair.Item2.Item2 * (BigInteger.One << pair.Item2.Item1)));
            var around251 = Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf(16)
                .Select(bytes => (BigInteger.One << 251) + (Number(bytes) >> 2) - (BigInteger.One << 125));
            return Gen.OneOf(Numbers.Generator, nearHalf, around251, AlikeWindows(252), AlikeWindows(252).Select(number => ModuloL(-number))).ToArbitrary();
        }
    }

    /// <summary>From −2^127 to 2^127.</summary>
    private static Arbitrary<BigInteger> HalfNumbers
    {
        get
        {
            var ends = Gen.Elements<BigInteger>(-HalfBound, 1 - HalfBound, -1, 0, 1, HalfBound - 1, HalfBound);
            var random = Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf(16).Select(bytes => Number(bytes) - HalfBound);
            var alike = AlikeWindows(127).Zip(Gen.Elements(-1, 1)).Select(pair => pair.Item1 * pair.Item2);
            return Gen.OneOf(ends, random, alike).ToArbitrary();
        }
    }

    /// <summary>Groups of windows may be more than the number needs.</summary>
    private static Arbitrary<int> Spare => Gen.Choose(0, 7).ToArbitrary();

    /// <summary>
    /// Numbers of so many bits that repeat a window next to half of its radix, which is where digits change their sign
    /// and carry.
    /// </summary>
    private static Gen<BigInteger> AlikeWindows(int bits) =>
        Gen.Choose(2, 15).Zip(Gen.Choose(-1, 1)).Select(window =>
        {
            var (width, offset) = window;
            var number = BigInteger.Zero;
            for (var i = 0; i < bits; i += width)
                number |= (BigInteger)((1 << (width - 1)) + offset) << i;
            return number & ((BigInteger.One << bits) - 1);
        });

    private static short[] SignedWindows(BigInteger number, int width, int bits, int spare)
    {
        var digits = new short[((bits + width - 1) / width) + spare];
        Array.Fill(digits, (short)99);
        Reduce(number).WriteSignedWindows(width, digits);
        return digits;
    }

    /// <summary>
    /// Of 512 bits: random ones, those next to powers of two, and small ones on both sides of multiples of L.
    /// </summary>
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
        // A scalar is its four limbs, the lowest first.
        Assert.That(BitConverter.IsLittleEndian, Is.True);
        return Number(MemoryMarshal.AsBytes(new ReadOnlySpan<Scalar>(in scalar)));
    }

    private static BigInteger Worth(sbyte[] digits, int radix) => Worth([.. digits.Select(digit => (short)digit)], radix);

    private static BigInteger Worth(short[] digits, int radix)
    {
        var worth = BigInteger.Zero;
        foreach (var digit in digits.Reverse())
            worth = (worth * radix) + digit;
        return worth;
    }
}
