using System.Buffers;
using Koii.Ed25519;

namespace Koii.DbSharing;

/// <summary>
/// The library's verifier: the rule of protocol §2 over the canonical data of a record, by
/// <see cref="Ed25519Verifier"/>. A page of records is divided into batches, one for each core (see
/// <see cref="Ed25519BatchVerifier"/>), which takes a fraction of the time of single checks and gives the same results.
/// </summary>
/// <remarks>It caches up to 2,048 decoded keys in about 340 kB. It is safe for use by multiple threads.</remarks>
public sealed class Ed25519SignatureVerifier : IBatchSignatureVerifier
{
    // A batch of sixteen takes a third of a millisecond, much more than its transfer to another thread. Smaller batches
    // have too little to share.
    private const int MinBatch = 16;

    private readonly Ed25519KeyCache _keys = new();

    /// <inheritdoc/>
    public bool Verify(SignedLinktree linktree)
    {
        ArgumentNullException.ThrowIfNull(linktree);
        return Ed25519Verifier.Verify(linktree.Author.AsSpan(), linktree.Data.Span, linktree.Signature.AsSpan());
    }

    /// <inheritdoc/>
    public void Verify(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid)
    {
        if (linktrees.Length != valid.Length)
            throw new ArgumentException($"There are {linktrees.Length} records, but {valid.Length} elements for the results.", nameof(valid));
        foreach (var linktree in linktrees)
            ArgumentNullException.ThrowIfNull(linktree, nameof(linktrees));

        var cores = Environment.ProcessorCount;
        var batchSize = Math.Clamp((linktrees.Length + cores - 1) / cores, MinBatch, Ed25519BatchVerifier.MaxCapacity);
        if (linktrees.Length <= batchSize)
            VerifyBatch(linktrees, valid);
        else
            VerifyBatches(linktrees, valid, batchSize);
    }

    private void VerifyBatch(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid)
    {
        if (linktrees.IsEmpty)
            return;
        using var batch = new Ed25519BatchVerifier(linktrees.Length, _keys);
        foreach (var linktree in linktrees)
            batch.Add(linktree.Author.AsSpan(), linktree.Data.Span, linktree.Signature.AsSpan());
        batch.Verify(valid);
    }

    private void VerifyBatches(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid, int batchSize)
    {
        // Other threads cannot access spans, so the page is copied to rented arrays.
        var count = linktrees.Length;
        var page = ArrayPool<SignedLinktree>.Shared.Rent(count);
        var results = ArrayPool<bool>.Shared.Rent(count);
        try
        {
            linktrees.CopyTo(page);
            var batches = (count + batchSize - 1) / batchSize;
            Parallel.For(0, batches, batch =>
            {
                var start = batch * batchSize;
                var length = Math.Min(batchSize, count - start);
                VerifyBatch(page.AsSpan(start, length), results.AsSpan(start, length));
            });
            results.AsSpan(0, count).CopyTo(valid);
        }
        finally
        {
            ArrayPool<SignedLinktree>.Shared.Return(page, clearArray: true);
            ArrayPool<bool>.Shared.Return(results);
        }
    }
}
