using System.Runtime.ExceptionServices;
using Koii.DbSharing.Concurrency;

namespace Koii.DbSharing.Replication;

/// <summary>
/// The two stages that the batches of all running pulls pass, verify and store. Each stage has one batch at a time, in one order across all peers, so that the next batch is
/// verified while the one before it is being stored. Verdicts are those of one batch after another.
/// </summary>
/// <remarks>
/// <para>Peers serve the same records. The second copy of a record finds the first one held or pending, and is not verified again.</para>
/// <para>Each stage is awaited by the pull that starts it. Safe for use by many threads.</para>
/// </remarks>
/// <param name="processor">Decides on records and stores them.</param>
/// <param name="storeScheduler">
/// Runs the store stage, so that a store that works synchronously does not delay the pull that calls it. <see langword="null"/> to run it inside that call.
/// </param>
/// <param name="cancellationToken">Ends all pulls: every call ends with <see cref="OperationCanceledException"/>, after the put under way.</param>
internal sealed class BatchPipeline(RecordProcessor processor, TaskScheduler? storeScheduler, CancellationToken cancellationToken)
{
    /// <summary>The maximum number of batches that are stored by one call of the store.</summary>
    public const int MaxBatchesPerPut = 4;

    private const int MaxRecordsPerPut = 4096;

    private readonly AsyncSemaphore _verifying = new();
    private readonly AsyncSemaphore _storing = new();
    private readonly PendingRecords _pending = new();

    private readonly Lock _lock = new();
    private readonly Queue<RecordBatch> _waiting = [];
    private volatile ExceptionDispatchInfo? _failure;

    /// <summary>Verifies a batch and queues it for the store. The caller then calls <see cref="StoreAsync"/>.</summary>
    public async ValueTask<RecordBatch> VerifyAsync(NodeAddress peer, IReadOnlyList<SignedLinktree> records)
    {
        using (await _verifying.AcquireAsync(cancellationToken).ConfigureAwait(false))
        {
            _failure?.Throw();
            var batch = new RecordBatch(peer, records);
            await processor.VerifyAsync(batch, _pending, cancellationToken).ConfigureAwait(false);

            // Before the lock is released, so that the next batch finds these records pending.
            _pending.Add(batch);
            lock (_lock)
                _waiting.Enqueue(batch);
            return batch;
        }
    }

    /// <summary>Stores a verified batch after those that were verified before it. A batch without records waits too: its peer is read no faster than the others.</summary>
    /// <exception cref="LinktreeStoreException">This put failed, or an earlier one of the round. Nothing is stored after a failed put.</exception>
    public async Task<BatchResult> StoreAsync(RecordBatch batch)
    {
        using (await _storing.AcquireAsync(cancellationToken).ConfigureAwait(false))
        {
            // The batches before it are stored with it, so it may be stored already.
            while (!batch.IsStored)
                await RunStoreStageAsync().ConfigureAwait(false);
        }

        return batch.ToResult();
    }

    private Task RunStoreStageAsync() => storeScheduler is null
        ? StoreNextAsync()
        : Task.Factory.StartNew(StoreNextAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach | TaskCreationOptions.HideScheduler, storeScheduler).Unwrap();

    private async Task StoreNextAsync()
    {
        _failure?.Throw();
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var batches = new List<RecordBatch>(MaxBatchesPerPut) { DequeueFirst() };
            if (batches[0].WaitsForPuts)
                await processor.CompleteAsync(batches[0], cancellationToken).ConfigureAwait(false);
            DequeueMore(batches);
            await processor.PutAsync(batches, cancellationToken).ConfigureAwait(false);
            foreach (var batch in batches)
            {
                _pending.Remove(batch);
                batch.IsStored = true;
            }
        }
        catch (Exception exception)
        {
            // Under the lock of the store stage: the next batch finds it, even before the round is canceled.
            _failure = ExceptionDispatchInfo.Capture(exception);
            throw;
        }
    }

    private RecordBatch DequeueFirst()
    {
        lock (_lock)
            return _waiting.Dequeue();
    }

    /// <summary>
    /// Adds the next batches, up to one that waits for the puts before it. Batches that share an author are not combined: a
    /// store may process the records of one author one by one, and one author may have all records of a hostile peer.
    /// </summary>
    private void DequeueMore(List<RecordBatch> batches)
    {
        lock (_lock)
        {
            var records = batches[0].Undecided.Count;
            HashSet<PublicKey>? authors = null;
            while (batches.Count < MaxBatchesPerPut && _waiting.TryPeek(out var next) && !next.WaitsForPuts
                && (records += next.Undecided.Count) <= MaxRecordsPerPut)
            {
                authors ??= AuthorsOf(batches[0]);
                var others = AuthorsOf(next);
                if (authors.Overlaps(others))
                    return;
                authors.UnionWith(others);
                batches.Add(_waiting.Dequeue());
            }
        }
    }

    private static HashSet<PublicKey> AuthorsOf(RecordBatch batch) => [.. batch.Undecided.Select(index => batch[index].Author)];
}
