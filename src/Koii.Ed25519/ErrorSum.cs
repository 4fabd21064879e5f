using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;

namespace Koii.Ed25519;

/// <summary>Computes Σ[zᵢ]Eᵢ, the sum of the weighted errors of signatures, where Eᵢ = Rᵢ + [kᵢ]Aᵢ − [Sᵢ]B.</summary>
internal static class ErrorSum
{
    // From this number of signatures on, buckets are faster on the scalar path too. On vectors they always are.
    private const int MinForScalarBuckets = 128;

    /// <summary>Draws a weight zᵢ for each kᵢ, and computes zᵢ·kᵢ.</summary>
    /// <remarks>Weights are independent numbers from −2^127 to 2^127 − 1 without zero.</remarks>
    internal static void DrawWeights(ReadOnlySpan<Scalar> k, Span<Scalar> weights, Span<Scalar> weightedK)
    {
        var drawn = ArrayPool<Int128>.Shared.Rent(k.Length);
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(drawn.AsSpan(0, k.Length)));
        for (var i = 0; i < k.Length; i++)
        {
            while (drawn[i] == 0)
                RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(drawn.AsSpan(i, 1)));
            weights[i] = Scalar.FromInt128(drawn[i]);

            // Reduction modulo L shifts [zᵢ][kᵢ]Aᵢ by a point of small order, which the cofactor removes.
            weightedK[i] = Scalar.MultiplyAdd(weights[i], k[i], default);
        }

        // The weights of a batch that is still being verified would allow a forgery.
        ArrayPool<Int128>.Shared.Return(drawn, clearArray: true);
    }

    /// <summary>Computes the sum.</summary>
    /// <param name="keys">The keys Aᵢ, each with zᵢ·kᵢ.</param>
    /// <param name="commitments">The commitments Rᵢ, each with its weight zᵢ, a number from −2^127 to 2^127.</param>
    /// <param name="s">The scalars Sᵢ.</param>
    internal static ExtendedPoint Compute<TField>(in TermRow keys, in TermRow commitments, ReadOnlySpan<Scalar> s)
        where TField : struct, IFieldVector<TField>
    {
        Scalar b = default;
        for (var i = 0; i < s.Length; i++)
            b = Scalar.MultiplyAdd(commitments.Scalars[i], s[i], b);

        return TField.Lanes == 1 && s.Length < MinForScalarBuckets
            ? SumByStraus(keys, commitments, -b)
            : BucketMethod<TField>.Sum(keys, commitments, -b);
    }

    private static ExtendedPoint SumByStraus(in TermRow keys, in TermRow commitments, in Scalar b)
    {
        using var terms = new MultiScalarMultiplication(2 * keys.Count);
        for (var i = 0; i < keys.Count; i++)
        {
            // A negative weight modulo L is long, its negation short.
            var weight = commitments.Scalars[i];
            var commitment = Read(commitments, i);
            terms.SetTerm(2 * i, weight.IsInUpperHalf ? -weight : weight, weight.IsInUpperHalf ? -commitment : commitment);
            terms.SetTerm((2 * i) + 1, keys.Scalars[i], Read(keys, i));
        }

        return terms.Sum(0, 2 * keys.Count, b);
    }

    private static ExtendedPoint Read(in TermRow row, int index) => AffinePoint.Read<FieldElement>(row.Points[(index * AffinePoint.Words)..]);
}
