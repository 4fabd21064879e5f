using System.Buffers;
using System.Security.Cryptography;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>
/// Checks signatures together (Bernstein, Duif, Lange, Schwabe, Yang, "High-speed high-security signatures", 2012, §5): what each
/// equation of clause 3 leaves, Eᵢ = [Sᵢ]B − Rᵢ − [kᵢ]Aᵢ, gets a weight zᵢ, and if [8]Σ[zᵢ]Eᵢ is the identity, all are good. Else the
/// batch is halved until the bad ones stand alone.
/// </summary>
/// <remarks>
/// <para>A signature is refused only on its own: zᵢ is not zero and below L, so [8][zᵢ]Eᵢ is the identity exactly when [8]Eᵢ is. A group
/// with a bad one among it passes with a chance of about 2^-128, as whatever the others are, at most one weight of the bad one makes
/// the sum vanish.</para>
/// <para>Reducing zᵢ·kᵢ modulo L shifts [zᵢ][kᵢ]Aᵢ by a point of small order, which the factor 8 takes away; only an equation with
/// the cofactor can be checked so.</para>
/// </remarks>
internal sealed class SignatureBatch : IDisposable
{
    private const int WeightSize = 16;

    // Two terms for each signature: R, then A.
    private const int TermsEach = 2;

    private readonly SignatureEquation[] _equations;

    // Where among the added ones each equation came from: what fails clauses 1 and 2 makes none.
    private readonly int[] _places;
    private readonly Scalar[] _weights;
    private readonly VectorPath _path;
    private int _added;
    private int _count;
    private int _taken;
    private int _refused;

    /// <summary>Rents room for at most <paramref name="capacity"/> signatures; <see cref="Dispose"/> gives it back.</summary>
    internal SignatureBatch(int capacity)
        : this(capacity, VectorPaths.Best)
    {
    }

    /// <summary>The same, on a path of the caller's choice.</summary>
    internal SignatureBatch(int capacity, VectorPath path)
    {
        _path = path;
        _equations = ArrayPool<SignatureEquation>.Shared.Rent(capacity);
        _places = ArrayPool<int>.Shared.Rent(capacity);
        _weights = ArrayPool<Scalar>.Shared.Rent(capacity);
    }

    /// <summary>Adds a signature and judges its encodings (clauses 1 and 2).</summary>
    internal void Add(in PublicKey key, ReadOnlySpan<byte> message, in LinktreeSignature signature)
    {
        if (SignatureEquation.TryRead(key, message, signature, out _equations[_count]))
            _places[_count++] = _added;
        _added++;
    }

    /// <summary>Sets the verdict of each signature, in the order in which they were added.</summary>
    internal void Verify(Span<bool> valid)
    {
        valid[.._added].Clear();
        if (_count <= 1)
        {
            SettleOneByOne(0, _count, valid);
            return;
        }

        // The batch is complete: only now is it safe to draw the weights, since who knows them can make errors cancel.
        DrawWeights();
        using var terms = new MultiScalarMultiplication(TermsEach * _count);
        for (var i = 0; i < _count; i++)
        {
            ref readonly var equation = ref _equations[i];
            ref readonly var weight = ref _weights[i];
            terms.SetTerm(TermsEach * i, weight, -equation.R);
            terms.SetTerm((TermsEach * i) + 1, Scalar.MultiplyAdd(weight, equation.K, default), -equation.A);
        }

        Settle(terms, 0, _count, Sum(terms, 0, _count), valid);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<SignatureEquation>.Shared.Return(_equations);
        ArrayPool<int>.Shared.Return(_places);
        ArrayPool<Scalar>.Shared.Return(_weights);
    }

    /// <summary>Numbers from 1 to 2^128 − 1, each for itself, from the operating system's generator.</summary>
    private void DrawWeights()
    {
        Span<byte> bytes = stackalloc byte[Scalar.Size];
        bytes.Clear();
        for (var i = 0; i < _count; i++)
        {
            do
            {
                RandomNumberGenerator.Fill(bytes[..WeightSize]);
            }
            while (!bytes.ContainsAnyExcept((byte)0));

            _weights[i] = Scalar.Reduce(bytes);
        }
    }

    /// <summary>
    /// Sets the verdicts of a group whose sum is known. The sum of the second half is what the first leaves of it (Bernstein, Doumen,
    /// Lange, Oosterwijk, "Faster batch forgery identification", 2012), so finding one bad signature among n takes sums of at most
    /// n/2 + n/4 + … + 1 signatures.
    /// </summary>
    private void Settle(in MultiScalarMultiplication terms, int start, int count, in ExtendedPoint sum, Span<bool> valid)
    {
        if (sum.ToProjective().MultiplyByCofactor().IsIdentity)
        {
            foreach (var place in _places.AsSpan(start, count))
                valid[place] = true;
            _taken += count;
        }
        else if (count == 1)
        {
            _refused++;
        }
        else if (_refused > _taken)
        {
            SettleOneByOne(start, count, valid);
        }
        else
        {
            var half = count / 2;
            var first = Sum(terms, start, half);
            Settle(terms, start, half, first, valid);
            Settle(terms, start + half, count - half, (sum - first.ToCached()).ToExtended(), valid);
        }
    }

    /// <summary>One has nothing to share; and where most are bad, halving costs more than it spares, which strangers could make a node pay.</summary>
    private void SettleOneByOne(int start, int count, Span<bool> valid)
    {
        for (var i = start; i < start + count; i++)
        {
            valid[_places[i]] = _equations[i].Holds(_path);
            if (valid[_places[i]])
                _taken++;
            else
                _refused++;
        }
    }

    /// <summary>Σ[zᵢ]Eᵢ of a group.</summary>
    private ExtendedPoint Sum(in MultiScalarMultiplication terms, int start, int count)
    {
        Scalar b = default;
        for (var i = start; i < start + count; i++)
            b = Scalar.MultiplyAdd(_weights[i], _equations[i].S, b);
        return terms.Sum(TermsEach * start, TermsEach * count, b);
    }
}
