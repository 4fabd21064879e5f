using System.Numerics;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests;

/// <summary>
/// A point by its encoding, and its logarithm to the base B but for what it has of small order: what signing needs of a
/// key and of R.
/// </summary>
internal sealed record KnownPoint(BigInteger Logarithm, byte[] Encoding)
{
    /// <summary>The points of small order, whose logarithm is zero.</summary>
    internal static readonly KnownPoint[] OfSmallOrder = [.. SmallOrderPoints.Select(point => new KnownPoint(0, Encode(point)))];

    /// <summary>
    /// Random points, one in eight of them without torsion. Each takes the reference longer than a signature: make them
    /// once.
    /// </summary>
    internal static KnownPoint[] MakeMany(int count, Random random) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var logarithm = SignatureKind.RandomScalar(random);
        return new KnownPoint(logarithm, Encode(Add(MultiplyB(logarithm), SmallOrderPoints[i % 8])));
    })];
}
