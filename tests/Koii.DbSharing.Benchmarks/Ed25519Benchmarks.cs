using BenchmarkDotNet.Attributes;
using Koii.DbSharing.Benchmarks.Verify;
using Koii.Ed25519;

namespace Koii.DbSharing.Benchmarks;

/// <summary>The package Koii.Ed25519 on one core. The mean is that of one signature.</summary>
public class Ed25519Benchmarks
{
    private const int Count = Ed25519BatchVerifier.MaxCapacity;

    private readonly bool[] _valid = new bool[Count];
    private readonly Ed25519BatchVerifier _batch = new();
    private readonly Ed25519BatchVerifier _batchWithoutCache = new(Count, keys: null, VectorPaths.Best);
    private SignatureSet _set = SignatureSet.Sign(0);
    private int _next;

    /// <summary>Signs the messages.</summary>
    [GlobalSetup]
    public void SetUp() => _set = SignatureSet.Sign(Count);

    /// <summary>One signature at a time.</summary>
    [Benchmark]
    public bool VerifyOne()
    {
        _next = (_next + 1) % Count;
        return Ed25519Verifier.Verify(_set.Keys[_next], _set.Messages[_next], _set.Signatures[_next]);
    }

    /// <summary>The largest batch, with keys that were never decoded before.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public bool VerifyBatch() => Verify(_batchWithoutCache);

    /// <summary>The largest batch, with cached keys.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public bool VerifyBatchOfCachedKeys() => Verify(_batch);

    private bool Verify(Ed25519BatchVerifier verifier)
    {
        for (var i = 0; i < Count; i++)
            verifier.Add(_set.Keys[i], _set.Messages[i], _set.Signatures[i]);
        verifier.Verify(_valid);
        return !_valid.Contains(false) ? true : throw new InvalidOperationException("A valid signature was rejected.");
    }
}
