using System.Buffers;
using System.Runtime.CompilerServices;
using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;

// For the whole package: points and temporary results are large structures, and clearing each before it is written
// takes a twentieth of the time of a batch.
[module: SkipLocalsInit]

namespace Koii.Ed25519;

/// <summary>
/// Verifies many Ed25519 signatures together, in a fraction of the time that <see cref="Ed25519Verifier.Verify"/> takes
/// for each. The results are the same, whatever other signatures the batch contains.
/// </summary>
/// <remarks>
/// <para>The algorithm is that of Bernstein, Duif, Lange, Schwabe, Yang, "High-speed high-security signatures", 2012,
/// §5. Eᵢ = Rᵢ + [kᵢ]Aᵢ − [Sᵢ]B is the error of a signature. It is multiplied by a random weight zᵢ, and if [8]Σ[zᵢ]Eᵢ
/// is the identity, all signatures are valid. Otherwise the batch is divided.</para>
/// <para>A signature is rejected only after a check of its own, without a weight, which is exact. An invalid signature
/// passes with a probability of about 2^-128: whatever the other signatures are, at most one of its weights makes the
/// sum vanish. The weights come from the operating system's generator after the last call of <see cref="Add"/>.</para>
/// <para>An instance rents about 450 bytes a signature from the shared array pool until it is disposed of, and as much
/// again during <see cref="Verify"/>. It keeps no reference to messages. Batches of all 1,024 take the least time a
/// signature; invalid signatures can make a batch take one and a half times as long as one check for each signature
/// would.</para>
/// <para>An instance is used by one thread at a time. Instances on several threads can share an
/// <see cref="Ed25519KeyCache"/>.</para>
/// </remarks>
public sealed class Ed25519BatchVerifier : IDisposable
{
    /// <summary>The greatest capacity, 1,024 signatures.</summary>
    public const int MaxCapacity = 1024;

    // Smaller groups have too little to share.
    private const int MinGroup = 4;

    // A group is divided only while at most this many invalid signatures are expected in it. With more, division costs
    // more than it saves: one invalid signature in every few would make a batch cost two and a half times what single
    // checks cost. With this bound it is one and a half times at most.
    private const int MaxExpectedInvalid = 2;

    private readonly VectorPath _path;
    private readonly Ed25519KeyCache? _keys;

    // Encodings and points of keys, then those of commitments (R): two rows of Capacity each.
    private readonly byte[] _encodings;
    private readonly ulong[] _points;
    private readonly bool[] _decoded;
    private readonly int[] _pending;

    // The number of the signature that each equation belongs to. A signature that fails conditions 1 or 2 has no
    // equation.
    private readonly int[] _numbers;

    // Four rows: S, k, the weights z, and z·k.
    private readonly Scalar[] _scalars;
    private int _equations;
    private int _accepted;
    private int _rejected;
    private bool _isDisposed;

    /// <summary>Creates a verifier with a key cache of its own.</summary>
    /// <param name="capacity">The number of signatures of the largest batch, from 1 to
    /// <see cref="MaxCapacity"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is out of range.</exception>
    public Ed25519BatchVerifier(int capacity = MaxCapacity)
        : this(capacity, new Ed25519KeyCache())
    {
    }

    /// <summary>Creates a verifier that uses a given key cache.</summary>
    /// <param name="capacity">The number of signatures of the largest batch, from 1 to
    /// <see cref="MaxCapacity"/>.</param>
    /// <param name="keys">The cache, which other verifiers may use at the same time.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is out of range.</exception>
    public Ed25519BatchVerifier(int capacity, Ed25519KeyCache keys)
        : this(capacity, keys ?? throw new ArgumentNullException(nameof(keys)), VectorPaths.Best)
    {
    }

    /// <summary>
    /// Creates a verifier on a given path, without a cache if <paramref name="keys"/> is null. A cache serves one path.
    /// </summary>
    internal Ed25519BatchVerifier(int capacity, Ed25519KeyCache? keys, VectorPath path)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, MaxCapacity);
        Capacity = capacity;
        _keys = keys;
        _path = path;
        _encodings = ArrayPool<byte>.Shared.Rent(2 * capacity * PointEncoding.Size);
        _points = ArrayPool<ulong>.Shared.Rent(2 * capacity * AffinePoint.Words);
        _decoded = ArrayPool<bool>.Shared.Rent(2 * capacity);
        _pending = ArrayPool<int>.Shared.Rent(2 * capacity);
        _numbers = ArrayPool<int>.Shared.Rent(capacity);
        _scalars = ArrayPool<Scalar>.Shared.Rent(4 * capacity);
    }

    /// <summary>The number of signatures that a batch can contain.</summary>
    public int Capacity { get; }

    /// <summary>The number of signatures that were added since the last call of <see cref="Verify"/>.</summary>
    public int Count { get; private set; }

    private Span<Scalar> S => _scalars.AsSpan(0, Capacity);

    private Span<Scalar> K => _scalars.AsSpan(Capacity, Capacity);

    private Span<Scalar> Weights => _scalars.AsSpan(2 * Capacity, Capacity);

    private Span<Scalar> WeightedK => _scalars.AsSpan(3 * Capacity, Capacity);

    /// <summary>
    /// Adds a signature to the batch. The message is hashed at once; none of the spans is used after the call.
    /// </summary>
    /// <param name="publicKey">The key, 32 bytes. A key of another length makes the signature invalid.</param>
    /// <param name="message">The signed bytes, of any length.</param>
    /// <param name="signature">The signature, 64 bytes. One of another length is invalid.</param>
    /// <exception cref="InvalidOperationException">The batch is full: call <see cref="Verify"/> first.</exception>
    /// <exception cref="ObjectDisposedException">The verifier has been disposed of.</exception>
    public void Add(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Count == Capacity)
            throw new InvalidOperationException($"The batch is full with {Capacity} signatures. Call {nameof(Verify)} before you add more.");

        var number = Count++;
        if (publicKey.Length != Ed25519Verifier.PublicKeySize
            || signature.Length != Ed25519Verifier.SignatureSize
            || !Scalar.TryRead(signature[PointEncoding.Size..], out S[_equations])
            || SmallOrder.Contains(publicKey))
            return;

        var encodedR = signature[..PointEncoding.Size];
        publicKey.CopyTo(Encoding(_equations));
        encodedR.CopyTo(Encoding(Capacity + _equations));
        K[_equations] = HashToScalar.Compute(encodedR, publicKey, message);
        _numbers[_equations++] = number;
    }

    /// <summary>Verifies the signatures that were added and empties the batch.</summary>
    /// <param name="valid">
    /// Receives the results in the order of the calls of <see cref="Add"/>. It has at least <see cref="Count"/>
    /// elements; further ones remain as they are.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="valid"/> is too short. The batch remains as it
    /// is.</exception>
    /// <exception cref="ObjectDisposedException">The verifier has been disposed of.</exception>
    public void Verify(Span<bool> valid)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (valid.Length < Count)
            throw new ArgumentException($"There are {Count} signatures, but only {valid.Length} elements for the results.", nameof(valid));

        valid[..Count].Clear();
        if (_path == VectorPath.Scalar)
            Verify<FieldElement>(valid);
        else
            Verify<FieldVector>(valid);
        (Count, _equations, _accepted, _rejected) = (0, 0, 0, 0);
    }

    /// <summary>Returns the memory to the array pool. The key cache remains usable.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        ArrayPool<byte>.Shared.Return(_encodings);
        ArrayPool<ulong>.Shared.Return(_points);
        ArrayPool<bool>.Shared.Return(_decoded);
        ArrayPool<int>.Shared.Return(_pending);
        ArrayPool<int>.Shared.Return(_numbers);
        ArrayPool<Scalar>.Shared.Return(_scalars);
    }

    private void Verify<TField>(Span<bool> valid)
        where TField : struct, IFieldVector<TField>
    {
        Decode<TField>();
        RemoveUndecoded();
        if (_equations < MinGroup)
        {
            VerifyEach<TField>(0, _equations, valid);
            return;
        }

        // Errors can be made to cancel if the weights are known before the batch is complete.
        ErrorSum.DrawWeights(K[.._equations], Weights, WeightedK);
        VerifyGroup<TField>(0, _equations, Sum<TField>(0, _equations), valid);
    }

    private void Decode<TField>()
        where TField : struct, IFieldVector<TField>
    {
        var pending = 0;
        for (var i = 0; i < _equations; i++)
        {
            _pending[pending++] = Capacity + i;
            _decoded[i] = _keys is not null && _keys.TryGet(Encoding(i), Point(i));
            if (!_decoded[i])
                _pending[pending++] = i;
        }

        var indices = _pending.AsSpan(0, pending);
        PointDecoder<TField>.Decode(_encodings, indices, _points, _decoded);
        if (_keys is null)
            return;
        foreach (var index in indices)
        {
            if (index < Capacity && _decoded[index])
                _keys.Set(Encoding(index), Point(index));
        }
    }

    /// <summary>Closes the gaps that condition 2 leaves in the list of equations.</summary>
    private void RemoveUndecoded()
    {
        var kept = 0;
        for (var i = 0; i < _equations; i++)
        {
            if (!_decoded[i] || !_decoded[Capacity + i])
                continue;
            if (kept != i)
            {
                Point(i).CopyTo(Point(kept));
                Point(Capacity + i).CopyTo(Point(Capacity + kept));
                (S[kept], K[kept], _numbers[kept]) = (S[i], K[i], _numbers[i]);
            }

            kept++;
        }

        _equations = kept;
    }

    /// <summary>
    /// Verifies a group whose sum is known. The sum of its second half is the sum of the group less that of the first
    /// half (Bernstein, Doumen, Lange, Oosterwijk, "Faster batch forgery identification", 2012), so one invalid
    /// signature among n is found by sums of at most n/2 + n/4 + … + 1 signatures.
    /// </summary>
    private void VerifyGroup<TField>(int start, int count, in ExtendedPoint sum, Span<bool> valid)
        where TField : struct, IFieldVector<TField>
    {
        if (sum.ToProjective().MultiplyByCofactor().IsIdentity)
        {
            foreach (var number in _numbers.AsSpan(start, count))
                valid[number] = true;
            _accepted += count;
        }
        else if (count <= MinGroup || _rejected * count > MaxExpectedInvalid * (_rejected + _accepted))
        {
            VerifyEach<TField>(start, count, valid);
        }
        else
        {
            var half = count / 2;
            var first = Sum<TField>(start, half);
            VerifyGroup<TField>(start, half, first, valid);
            VerifyGroup<TField>(start + half, count - half, (sum - first.ToCached()).ToExtended(), valid);
        }
    }

    private void VerifyEach<TField>(int start, int count, Span<bool> valid)
        where TField : struct, IFieldVector<TField>
    {
        for (var i = start; i < start + count; i++)
        {
            var equation = new SignatureEquation(AffinePoint.Read<TField>(Point(i)), AffinePoint.Read<TField>(Point(Capacity + i)), S[i], K[i]);
            valid[_numbers[i]] = equation.Holds(_path);
            if (valid[_numbers[i]])
                _accepted++;
            else
                _rejected++;
        }
    }

    private ExtendedPoint Sum<TField>(int start, int count)
        where TField : struct, IFieldVector<TField>
    {
        var keys = new TermRow(_points.AsSpan(start * AffinePoint.Words), WeightedK.Slice(start, count));
        var commitments = new TermRow(_points.AsSpan((Capacity + start) * AffinePoint.Words), Weights.Slice(start, count));
        return ErrorSum.Compute<TField>(keys, commitments, S.Slice(start, count));
    }

    private Span<byte> Encoding(int index) => _encodings.AsSpan(index * PointEncoding.Size, PointEncoding.Size);

    private Span<ulong> Point(int index) => AffinePoint.At(_points, index);
}
