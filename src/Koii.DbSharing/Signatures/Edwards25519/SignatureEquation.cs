using Koii.DbSharing.Signatures.Edwards25519.Vectors;

namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>A signature that passed the first two clauses of protocol §2: its points and scalars, which the third, an equation, is about.</summary>
internal readonly struct SignatureEquation(in ExtendedPoint a, in ExtendedPoint r, in Scalar s, in Scalar k)
{
    // The key A, the two halves of the signature, and SHA-512(R ‖ A ‖ message) modulo L.
    private readonly ExtendedPoint _a = a;
    private readonly ExtendedPoint _r = r;
    private readonly Scalar _s = s;
    private readonly Scalar _k = k;

    /// <summary>Judges the whole rule.</summary>
    /// <param name="path">How; the verdict does not depend on it.</param>
    /// <param name="key">The key.</param>
    /// <param name="message">The signed bytes.</param>
    /// <param name="signature">The signature.</param>
    /// <param name="keys">Remembers keys that were decoded on the same path.</param>
    internal static bool Verify(VectorPath path, in PublicKey key, ReadOnlySpan<byte> message, in LinktreeSignature signature, KeyCache? keys = null)
    {
        // Two points fill no more than four lanes.
        var isWellFormed = path == VectorPath.Scalar
            ? TryRead<FieldElement>(key, message, signature, keys, out var equation)
            : TryRead<FieldVector<Lanes256>>(key, message, signature, keys, out equation);
        return isWellFormed && equation.Holds(path);
    }

    /// <summary>Judges clauses 1 and 2: S is below L, R and A are canonical encodings of points, and A is not of small order.</summary>
    internal static bool TryRead<TField>(
        in PublicKey key, ReadOnlySpan<byte> message, in LinktreeSignature signature, KeyCache? keys, out SignatureEquation equation)
        where TField : struct, IFieldVector<TField>
    {
        equation = default;
        if (!Scalar.TryRead(signature.AsSpan()[PointEncoding.Size..], out var s) || SmallOrder.Contains(key.AsSpan()))
            return false;

        Span<byte> encodings = stackalloc byte[2 * PointEncoding.Size];
        signature.AsSpan()[..PointEncoding.Size].CopyTo(encodings);
        key.AsSpan().CopyTo(encodings[PointEncoding.Size..]);
        Span<ulong> points = stackalloc ulong[2 * AffinePoint.Words];
        Span<bool> decoded = stackalloc bool[2];
        var keyPoint = AffinePoint.At(points, 1);
        decoded[1] = keys is not null && keys.TryGet(key.AsSpan(), keyPoint);
        ReadOnlySpan<int> places = decoded[1] ? [0] : [0, 1];
        PointDecoder<TField>.Decode(encodings, places, points, decoded);
        if (places.Length > 1 && decoded[1])
            keys?.Remember(key.AsSpan(), keyPoint);
        if (!decoded[0] || !decoded[1])
            return false;

        equation = new SignatureEquation(
            AffinePoint.Read<TField>(keyPoint), AffinePoint.Read<TField>(AffinePoint.At(points, 0)), s, HashToScalar.Compute(encodings, message));
        return true;
    }

    /// <summary>Judges clause 3: [8]([S]B + [k](−A) − R) is the identity exactly when [8][S]B = [8]R + [8][k]A.</summary>
    internal bool Holds(VectorPath path)
    {
        var sum = path == VectorPath.Scalar
            ? DoubleScalarMultiplication.Multiply(_k, -_a, _s)
            : QuadMultiplication.Multiply(_k, -_a, _s);
        var difference = sum - _r.ToCached();
        return difference.ToProjective().MultiplyByCofactor().IsIdentity;
    }
}
