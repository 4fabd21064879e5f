namespace Koii.DbSharing.Tests.Replication;

/// <summary>A signature is good when its first byte is not zero. Counts what it is asked.</summary>
internal class FakeVerifier : ISignatureVerifier
{
    private int _checks;

    /// <summary>How many signatures were checked.</summary>
    public int Checks => _checks;

    public bool Verify(SignedLinktree linktree)
    {
        Interlocked.Increment(ref _checks);
        return IsGood(linktree);
    }

    public static bool IsGood(SignedLinktree linktree)
    {
        var signature = linktree.Signature;
        return signature.AsSpan()[0] != 0;
    }
}

/// <summary>The same, a page at a time.</summary>
internal sealed class FakeBatchVerifier : FakeVerifier, IBatchSignatureVerifier
{
    public List<int> Batches { get; } = [];

    public void Verify(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid)
    {
        Batches.Add(linktrees.Length);
        for (var i = 0; i < linktrees.Length; i++)
            valid[i] = IsGood(linktrees[i]);
    }
}
