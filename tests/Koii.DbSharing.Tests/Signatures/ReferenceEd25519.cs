using System.Numerics;
using System.Security.Cryptography;

namespace Koii.DbSharing.Tests.Signatures;

/// <summary>
/// The rule of protocol §2 in plain integers: slow, with other formulas than the library, and without a line of its code. It also
/// makes what no honest signer makes.
/// </summary>
internal static class ReferenceEd25519
{
    internal static readonly BigInteger P = (BigInteger.One << 255) - 19;
    internal static readonly BigInteger L = (BigInteger.One << 252) + BigInteger.Parse("27742317777372353535851937790883648493");
    internal static readonly BigInteger D = Modulo(-121665 * Invert(121666));
    internal static readonly Point Identity = new(0, 1, 1);
    internal static readonly Point B = DecodeLeniently(Bytes(Modulo(4 * Invert(5))))!.Value;

    /// <summary>[i]T for i from 0 to 7, where T has order 8.</summary>
    internal static readonly Point[] SmallOrderPoints = FindSmallOrderPoints();

    /// <summary>x = X/Z, y = Y/Z.</summary>
    internal readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z);

    internal static BigInteger Modulo(BigInteger value) => ((value % P) + P) % P;

    internal static BigInteger ModuloL(BigInteger value) => ((value % L) + L) % L;

    internal static BigInteger Number(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);

    /// <summary>The number in 32 bytes, the lowest first.</summary>
    internal static byte[] Bytes(BigInteger number)
    {
        var bytes = new byte[32];
        number.ToByteArray(isUnsigned: true).CopyTo(bytes, 0);
        return bytes;
    }

    /// <summary>Bernstein, Birkner, Joye, Lange, Peters, "Twisted Edwards Curves", 2008, §6, with a = −1.</summary>
    internal static Point Add(Point p, Point q)
    {
        var a = Modulo(p.Z * q.Z);
        var b = Modulo(a * a);
        var c = Modulo(p.X * q.X);
        var d = Modulo(p.Y * q.Y);
        var e = Modulo(D * c * d);
        var f = b - e;
        var g = b + e;
        var x = Modulo(a * f * (((p.X + p.Y) * (q.X + q.Y)) - c - d));
        var y = Modulo(a * g * (d + c));
        return new Point(x, y, Modulo(f * g));
    }

    internal static Point Negate(Point p) => p with { X = Modulo(-p.X) };

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

    internal static bool AreSame(Point p, Point q) => Modulo((p.X * q.Z) - (q.X * p.Z)).IsZero && Modulo((p.Y * q.Z) - (q.Y * p.Z)).IsZero;

    internal static bool IsOfSmallOrder(Point p) => AreSame(Multiply(8, p), Identity);

    internal static byte[] Encode(Point p)
    {
        var inverse = Invert(p.Z);
        var x = Modulo(p.X * inverse);
        return Bytes(Modulo(p.Y * inverse) + ((x & 1) << 255));
    }

    /// <summary>Reads a point as the rule wants it: one encoding for each.</summary>
    internal static Point? Decode(ReadOnlySpan<byte> bytes) =>
        DecodeLeniently(bytes) is { } point && Encode(point).AsSpan().SequenceEqual(bytes) ? point : null;

    /// <summary>Reads a point with any y below 2^255 and a sign even where x is zero.</summary>
    internal static Point? DecodeLeniently(ReadOnlySpan<byte> bytes)
    {
        var number = Number(bytes);
        var y = Modulo(number & ((BigInteger.One << 255) - 1));
        var square = Modulo((y * y - 1) * Invert((D * y * y) + 1));
        var x = BigInteger.ModPow(square, (P + 3) / 8, P);
        if (Modulo(x * x) != square)
            x = Modulo(x * BigInteger.ModPow(2, (P - 1) / 4, P));
        if (Modulo(x * x) != square)
            return null;
        return new Point((x & 1) == number >> 255 ? x : Modulo(-x), y, 1);
    }

    internal static BigInteger Challenge(ReadOnlySpan<byte> r, ReadOnlySpan<byte> key, ReadOnlySpan<byte> message) =>
        ModuloL(Number(SHA512.HashData([.. r, .. key, .. message])));

    /// <summary>The whole rule.</summary>
    internal static bool Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        Number(signature[32..]) < L
        && Decode(key) is { } a
        && !IsOfSmallOrder(a)
        && Decode(signature[..32]) is not null
        && EquationHolds(key, message, signature);

    /// <summary>The equation alone, whatever the encodings are: what is left of the rule when its first two clauses are taken away.</summary>
    internal static bool EquationHolds(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature, int cofactor = 8)
    {
        if (DecodeLeniently(key) is not { } a || DecodeLeniently(signature[..32]) is not { } r)
            return false;
        var k = Challenge(signature[..32], key, message);
        var left = Multiply(Number(signature[32..]), B);
        var right = Add(r, Multiply(k, a));
        return AreSame(Multiply(cofactor, left), Multiply(cofactor, right));
    }

    /// <summary>
    /// A signature for given encodings, where <paramref name="a"/> and <paramref name="r"/> are the logarithms of the two points but
    /// for what they have of small order.
    /// </summary>
    internal static byte[] Sign(BigInteger a, ReadOnlySpan<byte> key, BigInteger r, ReadOnlySpan<byte> encodedR, ReadOnlySpan<byte> message) =>
        [.. encodedR, .. Bytes(ModuloL(r + (Challenge(encodedR, key, message) * a)))];

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
}
