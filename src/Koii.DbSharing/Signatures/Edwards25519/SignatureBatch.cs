using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Koii.DbSharing.Signatures.Edwards25519.Vectors;

namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>
/// Checks signatures together (Bernstein, Duif, Lange, Schwabe, Yang, "High-speed high-security signatures", 2012, §5): what each
/// equation of clause 3 leaves, Eᵢ = Rᵢ + [kᵢ]Aᵢ − [Sᵢ]B, gets a weight zᵢ, and if [8]Σ[zᵢ]Eᵢ is the identity, all are good. Else the
/// batch is halved until the bad ones stand alone.
/// </summary>
/// <remarks>
/// <para>A signature is refused only on its own, by its equation without a weight. A group with a bad one among it passes with a chance of about 2^-128, as
/// whatever the others are, at most one weight of the bad one makes the sum vanish.</para>
/// <para>Reducing zᵢ·kᵢ modulo L shifts [zᵢ][kᵢ]Aᵢ by a point of small order, which the factor 8 takes away; only an equation with
/// the cofactor can be checked so.</para>
/// </remarks>
internal sealed class SignatureBatch : IDisposable
{
    // Fewer share too little.
    private const int MinGroup = 4;

    // A group is halved while no more bad ones are to be expected in it. With more of them halving costs more than it spares, and strangers who place one in every few could
    // make a node pay two and a half times what one by one costs; so it is one and a half times at most.
    private const int MaxExpectedBad = 2;

    // From here on the scalar path sums by buckets too, as vectors always do: few points do not fill them, and weighing them costs the same.
    private const int MinForScalarBuckets = 128;

    private readonly int _capacity;
    private readonly VectorPath _path;
    private readonly KeyCache? _keys;

    // Encodings and points of keys, then those of commitments (R): two rows of capacity each.
    private readonly byte[] _encodings;
    private readonly ulong[] _points;
    private readonly bool[] _decoded;
    private readonly int[] _pending;

    // Where among the added ones each equation came from: what fails clauses 1 and 2 makes none.
    private readonly int[] _places;

    // Four rows: S, k, the weights z, and z·k.
    private readonly Scalar[] _scalars;
    private int _added;
    private int _count;
    private int _taken;
    private int _refused;

    /// <summary>Rents room for at most <paramref name="capacity"/> signatures; <see cref="Dispose"/> gives it back.</summary>
    /// <param name="capacity">The most signatures that will be added.</param>
    /// <param name="path">How they are checked.</param>
    /// <param name="keys">Remembers keys of other batches on the same path.</param>
    internal SignatureBatch(int capacity, VectorPath path, KeyCache? keys = null)
    {
        _capacity = capacity;
        _path = path;
        _keys = keys;
        _encodings = ArrayPool<byte>.Shared.Rent(2 * capacity * PointEncoding.Size);
        _points = ArrayPool<ulong>.Shared.Rent(2 * capacity * AffinePoint.Words);
        _decoded = ArrayPool<bool>.Shared.Rent(2 * capacity);
        _pending = ArrayPool<int>.Shared.Rent(2 * capacity);
        _places = ArrayPool<int>.Shared.Rent(capacity);
        _scalars = ArrayPool<Scalar>.Shared.Rent(4 * capacity);
    }

    private Span<Scalar> S => _scalars.AsSpan(0, _capacity);

    private Span<Scalar> K => _scalars.AsSpan(_capacity, _capacity);

    private Span<Scalar> Weights => _scalars.AsSpan(2 * _capacity, _capacity);

    private Span<Scalar> WeightedK => _scalars.AsSpan(3 * _capacity, _capacity);

    /// <summary>Adds a signature and judges what can be judged of its bytes (clause 1, and the order of the key).</summary>
    internal void Add(in PublicKey key, ReadOnlySpan<byte> message, in LinktreeSignature signature)
    {
        var place = _added++;
        var encodedR = signature.AsSpan()[..PointEncoding.Size];
        if (!Scalar.TryRead(signature.AsSpan()[PointEncoding.Size..], out S[_count]) || SmallOrder.Contains(key.AsSpan()))
            return;

        key.AsSpan().CopyTo(Encoding(_count));
        encodedR.CopyTo(Encoding(_capacity + _count));
        Span<byte> encodedRAndA = stackalloc byte[2 * PointEncoding.Size];
        encodedR.CopyTo(encodedRAndA);
        key.AsSpan().CopyTo(encodedRAndA[PointEncoding.Size..]);
        K[_count] = HashToScalar.Compute(encodedRAndA, message);
        _places[_count++] = place;
    }

    /// <summary>Sets the verdict of each signature, in the order in which they were added. A batch is verified once.</summary>
    internal void Verify(Span<bool> valid)
    {
        valid[.._added].Clear();
        switch (_path)
        {
            case VectorPath.Vector512:
                Verify<FieldVector<Lanes512>>(valid);
                break;
            case VectorPath.Vector256:
                Verify<FieldVector<Lanes256>>(valid);
                break;
            default:
                Verify<FieldElement>(valid);
                break;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_encodings);
        ArrayPool<ulong>.Shared.Return(_points);
        ArrayPool<bool>.Shared.Return(_decoded);
        ArrayPool<int>.Shared.Return(_pending);
        ArrayPool<int>.Shared.Return(_places);
        ArrayPool<Scalar>.Shared.Return(_scalars);
    }

    private void Verify<TField>(Span<bool> valid)
        where TField : struct, IFieldVector<TField>
    {
        Decode<TField>();
        DropUndecoded();
        if (_count < MinGroup)
        {
            SettleOneByOne<TField>(0, _count, valid);
            return;
        }

        // The batch is complete: only now is it safe to draw the weights, since who knows them can make errors cancel.
        DrawWeights();
        Settle<TField>(0, _count, Sum<TField>(0, _count), valid);
    }

    private void Decode<TField>()
        where TField : struct, IFieldVector<TField>
    {
        var pending = 0;
        for (var i = 0; i < _count; i++)
        {
            _pending[pending++] = _capacity + i;
            _decoded[i] = _keys is not null && _keys.TryGet(Encoding(i), Point(i));
            if (!_decoded[i])
                _pending[pending++] = i;
        }

        var places = _pending.AsSpan(0, pending);
        PointDecoder<TField>.Decode(_encodings, places, _points, _decoded);
        if (_keys is null)
            return;
        foreach (var place in places)
        {
            if (place < _capacity && _decoded[place])
                _keys.Remember(Encoding(place), Point(place));
        }
    }

    /// <summary>Moves the equations together that are left after clause 2.</summary>
    private void DropUndecoded()
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (!_decoded[i] || !_decoded[_capacity + i])
                continue;
            if (kept != i)
            {
                Point(i).CopyTo(Point(kept));
                Point(_capacity + i).CopyTo(Point(_capacity + kept));
                (S[kept], K[kept], _places[kept]) = (S[i], K[i], _places[i]);
            }

            kept++;
        }

        _count = kept;
    }

    /// <summary>Numbers from −2^127 to 2^127 − 1 without zero, each for itself, from the operating system's generator.</summary>
    private void DrawWeights()
    {
        var drawn = ArrayPool<Int128>.Shared.Rent(_count);
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(drawn.AsSpan(0, _count)));
        for (var i = 0; i < _count; i++)
        {
            while (drawn[i] == 0)
                RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(drawn.AsSpan(i, 1)));
            Weights[i] = Scalar.FromInt128(drawn[i]);
            WeightedK[i] = Scalar.MultiplyAdd(Weights[i], K[i], default);
        }

        // Who comes to know weights of a batch that is still being checked could forge.
        ArrayPool<Int128>.Shared.Return(drawn, clearArray: true);
    }

    /// <summary>
    /// Sets the verdicts of a group whose sum is known. The sum of the second half is what the first leaves of it (Bernstein, Doumen,
    /// Lange, Oosterwijk, "Faster batch forgery identification", 2012), so finding one bad signature among n takes sums of at most
    /// n/2 + n/4 + … + 1 signatures.
    /// </summary>
    private void Settle<TField>(int start, int count, in ExtendedPoint sum, Span<bool> valid)
        where TField : struct, IFieldVector<TField>
    {
        if (sum.ToProjective().MultiplyByCofactor().IsIdentity)
        {
            foreach (var place in _places.AsSpan(start, count))
                valid[place] = true;
            _taken += count;
        }
        else if (count <= MinGroup || _refused * count > MaxExpectedBad * (_refused + _taken))
        {
            SettleOneByOne<TField>(start, count, valid);
        }
        else
        {
            var half = count / 2;
            var first = Sum<TField>(start, half);
            Settle<TField>(start, half, first, valid);
            Settle<TField>(start + half, count - half, (sum - first.ToCached()).ToExtended(), valid);
        }
    }

    /// <summary>For the few, who have little to share, and where many are bad.</summary>
    private void SettleOneByOne<TField>(int start, int count, Span<bool> valid)
        where TField : struct, IFieldVector<TField>
    {
        for (var i = start; i < start + count; i++)
        {
            var equation = new SignatureEquation(AffinePoint.Read<TField>(Point(i)), AffinePoint.Read<TField>(Point(_capacity + i)), S[i], K[i]);
            valid[_places[i]] = equation.Holds(_path);
            if (valid[_places[i]])
                _taken++;
            else
                _refused++;
        }
    }

    /// <summary>Σ[zᵢ]Eᵢ of a group.</summary>
    private ExtendedPoint Sum<TField>(int start, int count)
        where TField : struct, IFieldVector<TField>
    {
        Scalar b = default;
        for (var i = start; i < start + count; i++)
            b = Scalar.MultiplyAdd(Weights[i], S[i], b);

        if (_path == VectorPath.Scalar && count < MinForScalarBuckets)
            return SumByStraus(start, count, -b);
        var keys = new TermRow(_points.AsSpan(start * AffinePoint.Words), WeightedK.Slice(start, count));
        var commitments = new TermRow(_points.AsSpan((_capacity + start) * AffinePoint.Words), Weights.Slice(start, count));
        return BucketMethod<TField>.Sum(keys, commitments, -b);
    }

    private ExtendedPoint SumByStraus(int start, int count, in Scalar b)
    {
        using var terms = new MultiScalarMultiplication(2 * count);
        for (var i = 0; i < count; i++)
        {
            // A negative weight modulo L is long, its negation short.
            var weight = Weights[start + i];
            var commitment = AffinePoint.Read<FieldElement>(Point(_capacity + start + i));
            terms.SetTerm(2 * i, weight.IsInUpperHalf ? -weight : weight, weight.IsInUpperHalf ? -commitment : commitment);
            terms.SetTerm((2 * i) + 1, WeightedK[start + i], AffinePoint.Read<FieldElement>(Point(start + i)));
        }

        return terms.Sum(0, 2 * count, b);
    }

    private Span<byte> Encoding(int place) => _encodings.AsSpan(place * PointEncoding.Size, PointEncoding.Size);

    private Span<ulong> Point(int place) => AffinePoint.At(_points, place);
}
