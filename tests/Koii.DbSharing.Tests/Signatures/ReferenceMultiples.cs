using System.Numerics;
using static Koii.DbSharing.Tests.Signatures.ReferenceEd25519;

namespace Koii.DbSharing.Tests.Signatures;

/// <summary>
/// A point that is multiplied often: [d·2^(width·i)]P is kept for each digit d at each place i, so that a multiple is a sum without
/// doublings. That takes a quarter of the time, after the first time, which makes what is kept.
/// </summary>
internal sealed class ReferenceMultiples(Point point, int width)
{
    private const int Bits = 256;

    private readonly Lazy<Point[][]> _multiples = new(() => Make(point, width));

    internal Point Point => point;

    /// <summary>[n]P, for n below 2^256.</summary>
    internal Point Multiply(BigInteger n)
    {
        var multiples = _multiples.Value;
        var sum = Identity;
        for (var i = 0; i < multiples.Length; i++)
            sum = Add(sum, multiples[i][(int)((n >> (width * i)) & ((1 << width) - 1))]);
        return sum;
    }

    private static Point[][] Make(Point unit, int width)
    {
        var multiples = new Point[(Bits + width - 1) / width][];
        for (var i = 0; i < multiples.Length; i++)
        {
            multiples[i] = new Point[1 << width];
            multiples[i][0] = Identity;
            for (var digit = 1; digit < multiples[i].Length; digit++)
                multiples[i][digit] = Add(multiples[i][digit - 1], unit);
            unit = Add(multiples[i][^1], unit);
        }

        return multiples;
    }
}
