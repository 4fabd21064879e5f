using BenchmarkDotNet.Attributes;

namespace Koii.DbSharing.Benchmarks;

/// <summary>
/// The signature rule (protocol §2) over records, by the library's verifier. The mean is that of one signature.
/// </summary>
public class VerifyBenchmarks
{
    private const int PageSize = 1024;

    private readonly Ed25519SignatureVerifier _verifier = new();
    private readonly bool[] _valid = new bool[PageSize];
    private SignedLinktree[] _page = [];
    private int _next;

    /// <summary>Signs a page.</summary>
    [GlobalSetup]
    public void SetUp() => _page = ProfileRecords.Sign(PageSize);

    /// <summary>One signature at a time, each of another author, on one core.</summary>
    [Benchmark]
    public bool VerifyOne()
    {
        _next = (_next + 1) % PageSize;
        return _verifier.Verify(_page[_next]);
    }

    /// <summary>A page in one call, on all cores. The same page recurs, so the keys are cached.</summary>
    [Benchmark(OperationsPerInvoke = PageSize)]
    public bool VerifyPage()
    {
        _verifier.Verify(_page, _valid);
        return !_valid.Contains(false) ? true : throw new InvalidOperationException("A valid signature was rejected.");
    }
}
