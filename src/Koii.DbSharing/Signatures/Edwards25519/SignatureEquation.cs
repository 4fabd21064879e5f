using Koii.DbSharing.Records;

namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>A signature that passed the first two clauses of protocol §2: its points and scalars, which the third, an equation, is about.</summary>
internal readonly struct SignatureEquation
{
    /// <summary>The key.</summary>
    internal readonly ExtendedPoint A;

    /// <summary>The first half of the signature.</summary>
    internal readonly ExtendedPoint R;

    /// <summary>The second half of the signature.</summary>
    internal readonly Scalar S;

    /// <summary>SHA-512(R ‖ A ‖ message) modulo L.</summary>
    internal readonly Scalar K;

    private SignatureEquation(in ExtendedPoint a, in ExtendedPoint r, in Scalar s, in Scalar k)
    {
        A = a;
        R = r;
        S = s;
        K = k;
    }

    /// <summary>Judges clauses 1 and 2: S is below L, R and A are canonical encodings of points, and A is not of small order.</summary>
    internal static bool TryRead(in PublicKey key, ReadOnlySpan<byte> message, in LinktreeSignature signature, out SignatureEquation equation)
    {
        var encodedA = key.AsSpan();
        var encodedR = signature.AsSpan()[..PointEncoding.Size];
        if (!Scalar.TryRead(signature.AsSpan()[PointEncoding.Size..], out var s)
            || !PointEncoding.TryRead(encodedA, out var a)
            || a.ToProjective().MultiplyByCofactor().IsIdentity
            || !PointEncoding.TryRead(encodedR, out var r))
        {
            equation = default;
            return false;
        }

        Span<byte> encodedRAndA = stackalloc byte[2 * PointEncoding.Size];
        encodedR.CopyTo(encodedRAndA);
        encodedA.CopyTo(encodedRAndA[PointEncoding.Size..]);
        equation = new SignatureEquation(a, r, s, HashToScalar.Compute(encodedRAndA, message));
        return true;
    }

    /// <summary>Judges clause 3: [8]([S]B + [k](−A) − R) is the identity exactly when [8][S]B = [8]R + [8][k]A.</summary>
    internal bool Holds(VectorPath path)
    {
        var difference = DoubleScalarMultiplication.Multiply(K, -A, S) - R.ToCached();
        return difference.ToProjective().MultiplyByCofactor().IsIdentity;
    }
}
