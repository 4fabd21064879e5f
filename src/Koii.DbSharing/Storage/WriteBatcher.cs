namespace Koii.DbSharing.Storage;

/// <summary>
/// Runs one write of a store at a time, and combines the calls that arrive meanwhile into the next write.
/// </summary>
/// <remarks>
/// For authors of stores whose writes take a fixed time, such as the flush of a transaction to the disk: many small calls
/// at once then share that time. The calls of a write are stored in the order of their arrival, and each call is stored
/// wholly or not at all. Safe for use by many threads. A write runs on the thread pool and without the execution
/// context of its callers.
/// </remarks>
/// <param name="put">
/// Stores records in one atomic step and returns one outcome for each. Its token is canceled once all calls of the write
/// are canceled.
/// </param>
/// <param name="maxRecords">
/// Calls are combined up to this many records; at least 1. A call with more records is written alone.
/// </param>
/// <exception cref="ArgumentNullException"><paramref name="put"/> is missing.</exception>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="maxRecords"/> is less than 1.</exception>
public sealed class WriteBatcher(
    Func<IReadOnlyList<SignedLinktree>, CancellationToken, ValueTask<IReadOnlyList<PutOutcome>>> put, int maxRecords)
{
    private readonly Func<IReadOnlyList<SignedLinktree>, CancellationToken, ValueTask<IReadOnlyList<PutOutcome>>> _put =
        put ?? throw new ArgumentNullException(nameof(put));

    private readonly int _maxRecords =
        maxRecords >= 1 ? maxRecords : throw new ArgumentOutOfRangeException(nameof(maxRecords), maxRecords, "A write has at least one record.");

    private readonly Lock _lock = new();
    private readonly LinkedList<Call> _waiting = [];
    private bool _isRunning;

    /// <summary>A task that completes when no write is running. It never fails.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>Stores the records of one call.</summary>
    /// <param name="linktrees">The records. The array must not change until the call has completed.</param>
    /// <param name="cancellationToken">
    /// Ends the wait. A call that is canceled before its write begins is not stored; one that is canceled later may be stored
    /// or not. Other calls of the same write are not affected.
    /// </param>
    /// <returns>One outcome for each record, in the same order.</returns>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    /// <exception cref="InvalidOperationException">The write returned a wrong number of outcomes.</exception>
    /// <exception cref="Exception">The write failed; all its calls throw its exception.</exception>
    public async Task<IReadOnlyList<PutOutcome>> PutAsync(SignedLinktree[] linktrees, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(linktrees);
        cancellationToken.ThrowIfCancellationRequested();
        var call = new Call(linktrees, cancellationToken);
        lock (_lock)
        {
            _waiting.AddLast(call);
            if (!_isRunning)
            {
                _isRunning = true;
                Running = StartRun();
            }
        }

        using var registration = cancellationToken.UnsafeRegister(_ => Cancel(call), null);
        return await call.Outcomes.Task.ConfigureAwait(false);
    }

    /// <summary>
    /// The run stores the records of other calls too, so the context of the first one, such as its transaction, must
    /// not flow into it.
    /// </summary>
    private Task StartRun()
    {
        if (ExecutionContext.IsFlowSuppressed())
            return RunAsync();
        using (ExecutionContext.SuppressFlow())
            return RunAsync();
    }

    /// <summary>Never throws: a failure is reported to the calls of its batch.</summary>
    private async Task RunAsync()
    {
        // The first caller holds the lock and must not do the work.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (TakeBatch() is { } batch)
        {
            try
            {
                var outcomes = await _put(batch.Linktrees, batch.Cancellation.Token).ConfigureAwait(false);
                if (outcomes.Count != batch.Count)
                    throw new InvalidOperationException($"The write returned {outcomes.Count} outcomes for {batch.Count} records.");
                batch.Complete(outcomes);
            }
            catch (OperationCanceledException) when (batch.Cancellation.IsCancellationRequested)
            {
                batch.Cancel();
            }
            catch (Exception failure)
            {
                batch.Fail(failure);
            }
        }
    }

    private Batch? TakeBatch()
    {
        lock (_lock)
        {
            if (_waiting.First is not { } first)
            {
                _isRunning = false;
                return null;
            }

            var batch = new Batch();
            for (var next = first;
                next is not null && (next == first || batch.Count + next.Value.Linktrees.Length <= _maxRecords);
                next = _waiting.First)
            {
                batch.Add(next.Value);
                _waiting.RemoveFirst();
            }

            return batch;
        }
    }

    private void Cancel(Call call)
    {
        Batch? abandoned = null;
        lock (_lock)
        {
            if (call.Batch is not { } batch)
                _waiting.Remove(call);
            else if (batch.Abandon())
                abandoned = batch;
        }

        // A batch that all its calls have abandoned is canceled, and they complete with it. Otherwise only this call
        // ends.
        if (abandoned is not null)
            abandoned.Cancellation.Cancel();
        else
            call.Outcomes.TrySetCanceled(call.CancellationToken);
    }

    private sealed class Call(SignedLinktree[] linktrees, CancellationToken cancellationToken)
    {
        internal SignedLinktree[] Linktrees { get; } = linktrees;

        internal CancellationToken CancellationToken { get; } = cancellationToken;

        internal TaskCompletionSource<IReadOnlyList<PutOutcome>> Outcomes { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The batch that contains the call, or <see langword="null"/> while it waits.</summary>
        internal Batch? Batch { get; set; }
    }

    /// <summary>The calls that are stored in one step. Changed under the lock only.</summary>
    private sealed class Batch
    {
        private readonly List<Call> _calls = [];
        private int _abandoned;

        // Never disposed: it has no timer, and a call may cancel it while the batch completes.
        internal CancellationTokenSource Cancellation { get; } = new();

        /// <summary>The number of records.</summary>
        internal int Count { get; private set; }

        internal IReadOnlyList<SignedLinktree> Linktrees =>
            _calls.Count == 1 ? _calls[0].Linktrees : [.. _calls.SelectMany(call => call.Linktrees)];

        internal void Add(Call call)
        {
            call.Batch = this;
            _calls.Add(call);
            Count += call.Linktrees.Length;
        }

        /// <summary>Counts a call that was canceled; returns whether all calls were.</summary>
        internal bool Abandon() => ++_abandoned == _calls.Count;

        internal void Complete(IReadOnlyList<PutOutcome> outcomes)
        {
            var next = 0;
            foreach (var call in _calls)
            {
                call.Outcomes.TrySetResult(_calls.Count == 1 ? outcomes : [.. outcomes.Skip(next).Take(call.Linktrees.Length)]);
                next += call.Linktrees.Length;
            }
        }

        internal void Cancel()
        {
            foreach (var call in _calls)
                call.Outcomes.TrySetCanceled(call.CancellationToken);
        }

        internal void Fail(Exception failure)
        {
            foreach (var call in _calls)
                call.Outcomes.TrySetException(failure);
        }
    }
}
