using System.Collections.Concurrent;
using System.Numerics;
using System.Security.Cryptography;

namespace Koii.Ed25519.Tests;

/// <summary>
/// The rule of protocol §2 in plain integers: slow, with other sums of points than the library, and without a line of
/// its code. It also makes what no honest signer makes.
/// </summary>
internal static class ReferenceEd25519
{
    internal static readonly BigInteger SignBit = BigInteger.One << 255;
    internal static readonly BigInteger P = SignBit - 19;
    internal static readonly BigInteger L = (BigInteger.One << 252) + BigInteger.Parse("27742317777372353535851937790883648493");
    internal static readonly BigInteger D = Modulo(-121665 * Invert(121666));
    internal static readonly BigInteger RootOfMinusOne = BigInteger.ModPow(2, (P - 1) / 4, P);
    internal static readonly Point Identity = new(0, 1, 1, 0);
    internal static readonly Point B = DecodeLeniently(Bytes(Modulo(4 * Invert(5))))!.Value;

    private static readonly Multiples MultiplesOfB = new(B, width: 8);
    private static readonly ConcurrentDictionary<string, Multiples> ExpectedPoints = new();

    /// <summary>[i]T for i from 0 to 7, where T has order 8.</summary>
    internal static readonly Point[] SmallOrderPoints = FindSmallOrderPoints();

    /// <summary>x = X/Z, y = Y/Z, x·y = T/Z.</summary>
    internal readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);

    internal static BigInteger Modulo(BigInteger value) => Modulo(value, P);

    internal static BigInteger ModuloL(BigInteger value) => Modulo(value, L);

    internal static BigInteger Number(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);

    /// <summary>The number in 32 bytes, the lowest first.</summary>
    internal static byte[] Bytes(BigInteger number)
    {
        var bytes = new byte[32];
        number.ToByteArray(isUnsigned: true).CopyTo(bytes, 0);
        return bytes;
    }

    /// <summary>
    /// The sum, or the double, for any a (Hisil, Wong, Carter, Dawson, "Twisted Edwards Curves Revisited", 2008, §3.1),
    /// where a = −1. The library takes the form that only this a has.
    /// </summary>
    internal static Point Add(Point p, Point q)
    {
        var a = Modulo(p.X * q.X);
        var b = Modulo(p.Y * q.Y);
        var c = Modulo(D * Modulo(p.T * q.T));
        var d = Modulo(p.Z * q.Z);
        var e = Modulo(((p.X + p.Y) * (q.X + q.Y)) - a - b);
        var f = d - c;
        var g = d + c;
        var h = b + a;
        return new Point(Modulo(e * f), Modulo(g * h), Modulo(f * g), Modulo(e * h));
    }

    internal static Point Negate(Point p) => p with { X = Modulo(-p.X), T = Modulo(-p.T) };

    internal static Point Multiply(BigInteger n, Point p)
    {
        var result = Identity;
        for (var bit = (int)n.GetBitLength() - 1; bit >= 0; bit--)
        {
            result = Add(result, result);
            if (!((n >> bit) & 1).IsZero)
                result = Add(result, p);
        }

        return result;
    }

    /// <summary>[n]B, for n below 2^256.</summary>
    internal static Point MultiplyB(BigInteger n) => MultiplesOfB.Multiply(n);

    internal static bool AreSame(Point p, Point q) => Modulo((p.X * q.Z) - (q.X * p.Z)).IsZero && Modulo((p.Y * q.Z) - (q.Y * p.Z)).IsZero;

    internal static bool IsOfSmallOrder(Point p) => AreSame(Multiply(8, p), Identity);

    internal static byte[] Encode(Point p)
    {
        var inverse = Invert(p.Z);
        var x = Modulo(p.X * inverse);
        return Bytes(Modulo(p.Y * inverse) + ((x & 1) << 255));
    }

    /// <summary>Reads a point as the rule wants it: one encoding for each.</summary>
    internal static Point? Decode(ReadOnlySpan<byte> bytes)
    {
        var number = Number(bytes);
        var isNegative = number >= SignBit;
        return (isNegative ? number - SignBit : number) < P && DecodeLeniently(bytes) is { } point && !(isNegative && point.X.IsZero) ? point : null;
    }

    /// <summary>Reads a point with any y below 2^255 and a sign even where x is zero.</summary>
    internal static Point? DecodeLeniently(ReadOnlySpan<byte> bytes)
    {
        var number = Number(bytes);
        var y = Modulo(number & (SignBit - 1));
        var u = Modulo((y * y) - 1);
        var v = Modulo((D * y * y) + 1);

        // The root of u/v by one power, RFC 8032 §5.1.3.
        var v3 = Modulo(v * v * v);
        var x = Modulo(u * v3 * BigInteger.ModPow(u * v3 * v3 * v, (P - 5) / 8, P));
        if (Modulo(v * x * x) != u)
            x = Modulo(x * RootOfMinusOne);
        if (Modulo(v * x * x) != u)
            return null;
        if ((x & 1) != number >> 255)
            x = Modulo(-x);
        return new Point(x, y, 1, Modulo(x * y));
    }

    internal static BigInteger Challenge(ReadOnlySpan<byte> r, ReadOnlySpan<byte> key, ReadOnlySpan<byte> message) =>
        ModuloL(Number(SHA512.HashData([.. r, .. key, .. message])));

    /// <summary>The whole rule.</summary>
    internal static bool Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        var s = Number(signature[32..]);
        var (expectedA, expectedR) = (FindExpected(key), FindExpected(signature[..32]));
        if (s >= L
            || (expectedA?.Point ?? Decode(key)) is not { } a
            || IsOfSmallOrder(a)
            || (expectedR?.Point ?? Decode(signature[..32])) is not { } r)
            return false;
        var k = Challenge(signature[..32], key, message);
        return EquationHolds(s, r, expectedA?.Multiply(k) ?? Multiply(k, a), cofactor: 8);
    }

    /// <summary>
    /// The equation alone, whatever the encodings are: what is left of the rule when its first two clauses are taken
    /// away.
    /// </summary>
    internal static bool EquationHolds(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature, int cofactor = 8) =>
        DecodeLeniently(key) is { } a
        && DecodeLeniently(signature[..32]) is { } r
        && EquationHolds(Number(signature[32..]), r, Multiply(Challenge(signature[..32], key, message), a), cofactor);

    /// <summary>
    /// Prepares for a point that will stand in many signatures: those by such a key then take a quarter of the time.
    /// </summary>
    internal static void Expect(byte[] encoding) =>
        ExpectedPoints[Convert.ToHexString(encoding)] = new Multiples(Decode(encoding)!.Value, width: 6);

    /// <summary>
    /// A signature for given encodings, where <paramref name="a"/> and <paramref name="r"/> are the logarithms of the
    /// two points but for what they have of small order.
    /// </summary>
    internal static byte[] Sign(BigInteger a, ReadOnlySpan<byte> key, BigInteger r, ReadOnlySpan<byte> encodedR, ReadOnlySpan<byte> message) =>
        [.. encodedR, .. Bytes(ModuloL(r + (Challenge(encodedR, key, message) * a)))];

    private static Multiples? FindExpected(ReadOnlySpan<byte> encoding) => ExpectedPoints.GetValueOrDefault(Convert.ToHexString(encoding));

    private static bool EquationHolds(BigInteger s, Point r, Point ka, int cofactor) =>
        AreSame(Multiply(cofactor, MultiplyB(s)), Multiply(cofactor, Add(r, ka)));

    private static BigInteger Modulo(BigInteger value, BigInteger modulus)
    {
        var remainder = value % modulus;
        return remainder.Sign < 0 ? remainder + modulus : remainder;
    }

    private static BigInteger Invert(BigInteger value) => BigInteger.ModPow(Modulo(value), P - 2, P);

    private static Point[] FindSmallOrderPoints()
    {
        // L times any point leaves its part of small order; one in two has a part of order 8.
        for (var y = 2; ; y++)
        {
            if (DecodeLeniently(Bytes(y)) is not { } point)
                continue;
            var torsion = Multiply(L, point);
            if (!AreSame(Multiply(4, torsion), Identity))
                return [.. Enumerable.Range(0, 8).Select(i => Multiply(i, torsion))];
        }
    }

    /// <summary>
    /// A point that is multiplied often: [d·2^(width·i)]P is kept for each digit d at each place i, so that a multiple
    /// is a sum without doublings. The first one makes what is kept; the others take an eighth of the time.
    /// </summary>
    private sealed class Multiples(Point point, int width)
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
}
