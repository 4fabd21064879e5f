using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests.Curve.Vectors;

/// <summary>
/// Elements side by side by their limbs, a row for each lane: the form in which the bounds of field vectors can be
/// seen.
/// </summary>
internal sealed record LimbRows(long[][] Rows)
{
    private const int LimbBits = 51;

    /// <summary>The element of a lane, not reduced.</summary>
    internal BigInteger this[int lane] => Rows[lane].Select((limb, i) => (BigInteger)limb << (LimbBits * i)).Aggregate(BigInteger.Add);

    /// <summary>The element of a lane, for limbs that are not negative.</summary>
    internal FieldElement Element(int lane)
    {
        var limbs = Rows[lane];
        return new FieldElement((ulong)limbs[0], (ulong)limbs[1], (ulong)limbs[2], (ulong)limbs[3], (ulong)limbs[4]);
    }

    /// <summary>Reads the limbs of field vectors.</summary>
    internal static LimbRows Of<TField>(in TField elements)
        where TField : struct, IFieldVector<TField>
    {
        var words = new ulong[TField.Lanes * FieldElement.Limbs];
        elements.WriteWords(words, FieldElement.Limbs);
        return new LimbRows([.. words.Select(Limb<TField>).Chunk(FieldElement.Limbs)]);
    }

    /// <summary>Makes field vectors of just these limbs.</summary>
    internal TField To<TField>()
        where TField : struct, IFieldVector<TField>
    {
        if (typeof(TField) == typeof(FieldElement))
            return (TField)(object)Element(0);
        return (TField)(object)ToVector();
    }

    /// <summary>The greatest limb that is tight.</summary>
    internal static long TightLimb<TField>() => typeof(TField) == typeof(FieldElement) ? (1L << 51) + (1L << 18) : (1L << 50) + (1L << 10);

    internal bool AreTight<TField>()
    {
        var (least, greatest) = TightLimbs<TField>();
        return Rows.All(row => row.All(limb => limb >= least && limb <= greatest));
    }

    internal bool HaveLimbsUpTo(long bound) => Rows.All(row => row.All(limb => Math.Abs(limb) <= bound));

    /// <summary>Whether these are the numbers, lane for lane, modulo p.</summary>
    internal bool AreWorth(Func<int, BigInteger> number) => Enumerable.Range(0, Rows.Length).All(lane => Modulo(this[lane] - number(lane)).IsZero);

    /// <summary>
    /// Tight elements, <paramref name="count"/> for each lane, with many a limb at a bound, and in some lanes all five.
    /// </summary>
    internal static Arbitrary<LimbRows[]> Tight<TField>(int count)
        where TField : struct, IFieldVector<TField>
    {
        var (least, greatest) = TightLimbs<TField>();
        return Within(least, greatest, TField.Lanes).ArrayOf(count).ToArbitrary();
    }

    /// <summary>Elements whose limbs lie within bounds.</summary>
    internal static Gen<LimbRows> Within(long least, long greatest, int lanes)
    {
        long[] bounds =
            [least, least + 1, -1, 0, 1, 18, 19, 20, (1L << 50) - 1, 1L << 50, (1L << 50) + 1, (1L << 51) - 19, (1L << 51) - 1, 1L << 51, greatest - 1, greatest];
        var ends = Gen.Elements(least, greatest);
        var atBounds = Gen.Elements(bounds.Concat(bounds.Select(bound => -bound)).Where(bound => bound >= least && bound <= greatest));
        var atPowers = Gen.Choose(0, 53).Zip(Gen.Choose(-1, 1)).Zip(
            Gen.Elements(-1, 1), (power, sign) => Math.Clamp(sign * ((1L << power.Item1) + power.Item2), least, greatest));
        var anywhere = Gen.Choose(0, int.MaxValue).Two().Select(halves => least + (((long)halves.Item1 << 31 | (uint)halves.Item2) % (greatest - least + 1)));
        var row = Gen.Frequency(
            (1, ends.Select(limb => Enumerable.Repeat(limb, FieldElement.Limbs).ToArray())),
            (1, ends.ArrayOf(FieldElement.Limbs)),
            (2, Gen.Frequency((1, atBounds), (1, atPowers), (2, anywhere)).ArrayOf(FieldElement.Limbs)));
        return row.ArrayOf(lanes).Select(rows => new LimbRows(rows));
    }

    public override string ToString() => string.Join("; ", Rows.Select(row => string.Join(", ", row.Select(limb => limb < 0 ? $"-0x{-limb:x}" : $"0x{limb:x}"))));

    private static (long Least, long Greatest) TightLimbs<TField>() =>
        (typeof(TField) == typeof(FieldElement) ? 0 : -TightLimb<TField>(), TightLimb<TField>());

    private static long Limb<TField>(ulong word)
    {
        if (typeof(TField) == typeof(FieldElement))
            return (long)word;
        var limb = BitConverter.UInt64BitsToDouble(word);
        Assert.That(double.IsInteger(limb) && Math.Abs(limb) < 1L << 53, Is.True, $"{limb} is not a whole number.");
        return (long)limb;
    }

    private FieldVector ToVector()
    {
        return new FieldVector(Column(0), Column(1), Column(2), Column(3), Column(4));

        Lanes256 Column(int limb)
        {
            var words = Rows.Select(row => BitConverter.DoubleToUInt64Bits(row[limb])).ToArray();
            Assert.That(words, Has.Length.EqualTo(Lanes256.Count));
            return Lanes256.Load(in words[0]);
        }
    }
}
