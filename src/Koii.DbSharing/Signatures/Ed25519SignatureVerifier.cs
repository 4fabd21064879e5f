using System.Buffers;
using Koii.DbSharing.Records;
using Koii.DbSharing.Signatures.Edwards25519;

namespace Koii.DbSharing.Signatures;

/// <summary>
/// The library's verifier: the rule of protocol §2 over the canonical data of a record (see <see cref="Ed25519.Verify"/>). A page of
/// records is checked in batches, which takes a fraction of the time and gives the same verdicts, and the batches are spread over all
/// cores. It keeps no state and is safe for use by many threads.
/// </summary>
public sealed class Ed25519SignatureVerifier : IBatchSignatureVerifier
{
    // Longer batches gain nothing: what a batch shares, its doublings, is a small part of the work at 64. Its tables then fit the
    // second-level cache, and a page of 512 has enough batches for the cores to end together.
    private const int MaxBatch = 64;

    // A batch of eight takes a third of a millisecond, long beside what handing it to a thread costs; shorter ones share too little.
    private const int MinBatch = 8;

    /// <inheritdoc/>
    public bool Verify(SignedLinktree linktree)
    {
        ArgumentNullException.ThrowIfNull(linktree);
        return Ed25519.Verify(linktree.Author, linktree.Data.Span, linktree.Signature);
    }

    /// <inheritdoc/>
    public void Verify(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid)
    {
        if (linktrees.Length != valid.Length)
            throw new ArgumentException($"There are {linktrees.Length} records but {valid.Length} places for verdicts.", nameof(valid));

        var cores = Environment.ProcessorCount;
        var batchSize = Math.Clamp((linktrees.Length + cores - 1) / cores, MinBatch, MaxBatch);
        if (linktrees.Length <= batchSize)
            VerifyBatch(linktrees, valid);
        else
            VerifyBatches(linktrees, valid, batchSize);
    }

    private static void VerifyBatch(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid)
    {
        using var batch = new SignatureBatch(linktrees.Length);
        foreach (var linktree in linktrees)
            batch.Add(linktree.Author, linktree.Data.Span, linktree.Signature);
        batch.Verify(valid);
    }

    private static void VerifyBatches(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid, int batchSize)
    {
        // Spans cannot go to other threads: the page is copied to rented arrays.
        var count = linktrees.Length;
        var page = ArrayPool<SignedLinktree>.Shared.Rent(count);
        var verdicts = ArrayPool<bool>.Shared.Rent(count);
        try
        {
            linktrees.CopyTo(page);
            var batches = (count + batchSize - 1) / batchSize;
            Parallel.For(0, batches, batch =>
            {
                var start = batch * batchSize;
                var length = Math.Min(batchSize, count - start);
                VerifyBatch(page.AsSpan(start, length), verdicts.AsSpan(start, length));
            });
            verdicts.AsSpan(0, count).CopyTo(valid);
        }
        finally
        {
            ArrayPool<SignedLinktree>.Shared.Return(page, clearArray: true);
            ArrayPool<bool>.Shared.Return(verdicts);
        }
    }
}
