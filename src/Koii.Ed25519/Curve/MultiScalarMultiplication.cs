using System.Buffers;

namespace Koii.Ed25519.Curve;

/// <summary>
/// Sums of multiples of many points in one chain of doublings (Straus, "Addition chains of vectors", 1964), scalars in
/// non-adjacent form. The table of a point is used for every sum that contains it. Its time depends on the scalars.
/// </summary>
internal readonly struct MultiScalarMultiplication : IDisposable
{
    private readonly int _terms;
    private readonly CachedPoint[] _oddMultiples;

    // A row holds the digits of all terms for one power of two, so a vectorized search finds the few that are not zero.
    private readonly sbyte[] _digits;

    /// <summary>Rents memory for a number of terms; <see cref="Dispose"/> returns it.</summary>
    internal MultiScalarMultiplication(int terms)
    {
        _terms = terms;
        _oddMultiples = ArrayPool<CachedPoint>.Shared.Rent(terms * OddMultiples.Length);
        _digits = ArrayPool<sbyte>.Shared.Rent(terms * Scalar.NonAdjacentFormLength);
    }

    /// <summary>
    /// Makes [<paramref name="scalar"/>]<paramref name="point"/> the term at an index. Every term of a sum must have
    /// been set.
    /// </summary>
    internal void SetTerm(int index, in Scalar scalar, in ExtendedPoint point)
    {
        OddMultiples.Compute(point, _oddMultiples.AsSpan(index * OddMultiples.Length, OddMultiples.Length));
        Span<sbyte> digits = stackalloc sbyte[Scalar.NonAdjacentFormLength];
        scalar.WriteNonAdjacentForm(OddMultiples.PointWidth, digits);
        for (var i = 0; i < digits.Length; i++)
            _digits[(i * _terms) + index] = digits[i];
    }

    /// <summary>
    /// The sum of <paramref name="count"/> terms from index <paramref name="start"/> on, and [<paramref name="b"/>]B.
    /// </summary>
    internal ExtendedPoint Sum(int start, int count, in Scalar b)
    {
        Span<sbyte> bDigits = stackalloc sbyte[Scalar.NonAdjacentFormLength];
        b.WriteNonAdjacentForm(OddMultiples.BaseWidth, bDigits);

        var step = ExtendedPoint.Identity.Double();
        for (var i = Scalar.NonAdjacentFormLength - 1; i >= 0; i--)
        {
            step = step.ToProjective().Double();
            AddTerms(ref step, i, start, count);
            int bDigit = bDigits[i];
            if (bDigit > 0)
                step = step.ToExtended() + OddMultiples.OfBase[bDigit / 2];
            else if (bDigit < 0)
                step = step.ToExtended() - OddMultiples.OfBase[-bDigit / 2];
        }

        return step.ToExtended();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<CachedPoint>.Shared.Return(_oddMultiples);
        ArrayPool<sbyte>.Shared.Return(_digits);
    }

    private void AddTerms(ref CompletedPoint step, int power, int start, int count)
    {
        var row = _digits.AsSpan((power * _terms) + start, count);
        var oddMultiples = _oddMultiples.AsSpan(start * OddMultiples.Length, count * OddMultiples.Length);
        for (var index = row.IndexOfAnyExcept((sbyte)0); index >= 0;)
        {
            int digit = row[index];
            step = digit > 0
                ? step.ToExtended() + oddMultiples[(index * OddMultiples.Length) + (digit / 2)]
                : step.ToExtended() - oddMultiples[(index * OddMultiples.Length) + (-digit / 2)];

            var next = row[(index + 1)..].IndexOfAnyExcept((sbyte)0);
            index = next < 0 ? next : index + 1 + next;
        }
    }
}
