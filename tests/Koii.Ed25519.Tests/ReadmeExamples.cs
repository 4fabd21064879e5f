namespace Koii.Ed25519.Tests;

/// <summary>The code of the package's README.</summary>
public sealed class ReadmeExamples
{
    [Test]
    public void One_signature_is_verified()
    {
        var (publicKey, message, signature) = SignatureKind.Honest(new Random(1));

        #region README: one signature
        bool isValid = Ed25519Verifier.Verify(publicKey, message, signature);
        #endregion

        Assert.That(isValid, Is.True);
    }

    [Test]
    public void Many_signatures_are_verified()
    {
        SignatureCase[] signatures = [.. Enumerable.Range(0, 10).Select(seed => SignatureKind.Honest(new Random(seed)))];

        #region README: many signatures
        using var verifier = new Ed25519BatchVerifier();
        foreach (var (publicKey, message, signature) in signatures)
            verifier.Add(publicKey, message, signature);

        Span<bool> valid = stackalloc bool[verifier.Count];
        verifier.Verify(valid);
        #endregion

        Assert.That(valid.ToArray(), Is.All.True);
    }

    [Test]
    public void Several_threads_share_a_key_cache()
    {
        SignatureCase[] signatures = [.. Enumerable.Range(0, 100).Select(seed => SignatureKind.Honest(new Random(seed)))];
        var results = new bool[signatures.Length];

        #region README: several threads
        var keys = new Ed25519KeyCache();
        Parallel.ForEach(System.Collections.Concurrent.Partitioner.Create(0, signatures.Length), range =>
        {
            var (start, end) = range;
            using var verifier = new Ed25519BatchVerifier(end - start, keys);
            foreach (var (publicKey, message, signature) in signatures.AsSpan(start..end))
                verifier.Add(publicKey, message, signature);
            verifier.Verify(results.AsSpan(start..end));
        });
        #endregion

        Assert.That(results, Is.All.True);
    }
}
