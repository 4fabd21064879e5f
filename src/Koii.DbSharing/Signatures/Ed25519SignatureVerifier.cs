using System.Buffers;
using Koii.DbSharing.Signatures.Edwards25519;

namespace Koii.DbSharing;

/// <summary>
/// The library's verifier: the rule of protocol §2 over the canonical data of a record (see <see cref="Signatures.Ed25519.Verify"/>). A page of
/// records is checked in batches, which takes a fraction of the time and gives the same verdicts, and the batches are spread over all
/// cores; vector instructions are used where the processor has them. It is safe for use by many threads.
/// </summary>
/// <remarks>It remembers the points of up to 2,048 keys, in at most 400 kB; what it has seen changes its speed and no verdict.</remarks>
public sealed class Ed25519SignatureVerifier : IBatchSignatureVerifier
{
    // Half of the greatest page, so that two cores end together. Twice as many gain little more.
    private const int MaxBatch = 256;

    // A batch of sixteen takes a third of a millisecond, long beside what handing it to a thread costs; shorter ones share too little.
    private const int MinBatch = 16;

    private readonly KeyCache _keys = new();

    /// <inheritdoc/>
    public bool Verify(SignedLinktree linktree)
    {
        ArgumentNullException.ThrowIfNull(linktree);
        return SignatureEquation.Verify(VectorPaths.Best, linktree.Author, linktree.Data.Span, linktree.Signature, _keys);
    }

    /// <inheritdoc/>
    public void Verify(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid)
    {
        if (linktrees.Length != valid.Length)
            throw new ArgumentException($"There are {linktrees.Length} records but {valid.Length} places for verdicts.", nameof(valid));
        foreach (var linktree in linktrees)
            ArgumentNullException.ThrowIfNull(linktree, nameof(linktrees));

        var cores = Environment.ProcessorCount;
        var batchSize = Math.Clamp((linktrees.Length + cores - 1) / cores, MinBatch, MaxBatch);
        if (linktrees.Length <= batchSize)
            VerifyBatch(linktrees, valid);
        else
            VerifyBatches(linktrees, valid, batchSize);
    }

    private void VerifyBatch(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid)
    {
        using var batch = new SignatureBatch(linktrees.Length, VectorPaths.Best, _keys);
        foreach (var linktree in linktrees)
            batch.Add(linktree.Author, linktree.Data.Span, linktree.Signature);
        batch.Verify(valid);
    }

    private void VerifyBatches(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid, int batchSize)
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
