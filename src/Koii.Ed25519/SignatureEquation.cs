using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;

namespace Koii.Ed25519;

/// <summary>
/// The points and scalars of a signature that meets conditions 1 and 2 of the rule (see <see cref="Ed25519Verifier"/>).
/// Condition 3 is an equation of them.
/// </summary>
internal readonly struct SignatureEquation(in ExtendedPoint a, in ExtendedPoint r, in Scalar s, in Scalar k)
{
    // The key A, the two halves of the signature, and SHA-512(R ‖ A ‖ message) modulo L.
    private readonly ExtendedPoint _a = a;
    private readonly ExtendedPoint _r = r;
    private readonly Scalar _s = s;
    private readonly Scalar _k = k;

    /// <summary>Checks all three conditions. The result does not depend on the path.</summary>
    internal static bool Verify(VectorPath path, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (!TryRead(path, publicKey, signature, out var a, out var r, out var s))
            return false;
        var k = HashToScalar.Compute(signature[..PointEncoding.Size], publicKey, message);
        return new SignatureEquation(a, r, s, k).Holds(path);
    }

    /// <summary>Checks conditions 1 and 2.</summary>
    internal static bool IsWellFormed(VectorPath path, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> signature) =>
        TryRead(path, publicKey, signature, out _, out _, out _);

    /// <summary>
    /// Checks condition 3: [8]([S]B + [k](−A) − R) is the identity exactly when [8][S]B = [8]R + [8][k]A.
    /// </summary>
    internal bool Holds(VectorPath path)
    {
        var sum = path == VectorPath.Scalar
            ? DoubleScalarMultiplication.Multiply(_k, -_a, _s)
            : QuadMultiplication.Multiply(_k, -_a, _s);
        var difference = sum - _r.ToCached();
        return difference.ToProjective().MultiplyByCofactor().IsIdentity;
    }

    private static bool TryRead(
        VectorPath path, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> signature, out ExtendedPoint a, out ExtendedPoint r, out Scalar s)
    {
        (a, r, s) = (ExtendedPoint.Identity, ExtendedPoint.Identity, default);
        return publicKey.Length == Ed25519Verifier.PublicKeySize
            && signature.Length == Ed25519Verifier.SignatureSize
            && Scalar.TryRead(signature[PointEncoding.Size..], out s)
            && !SmallOrder.Contains(publicKey)
            && (path == VectorPath.Scalar
                ? TryDecode<FieldElement>(publicKey, signature[..PointEncoding.Size], out a, out r)
                : TryDecode<FieldVector>(publicKey, signature[..PointEncoding.Size], out a, out r));
    }

    private static bool TryDecode<TField>(ReadOnlySpan<byte> encodedA, ReadOnlySpan<byte> encodedR, out ExtendedPoint a, out ExtendedPoint r)
        where TField : struct, IFieldVector<TField>
    {
        Span<byte> encodings = stackalloc byte[2 * PointEncoding.Size];
        encodedA.CopyTo(encodings);
        encodedR.CopyTo(encodings[PointEncoding.Size..]);
        Span<ulong> points = stackalloc ulong[2 * AffinePoint.Words];
        Span<bool> decoded = stackalloc bool[2];
        PointDecoder<TField>.Decode(encodings, [0, 1], points, decoded);
        a = AffinePoint.Read<TField>(AffinePoint.At(points, 0));
        r = AffinePoint.Read<TField>(AffinePoint.At(points, 1));
        return decoded[0] && decoded[1];
    }
}
