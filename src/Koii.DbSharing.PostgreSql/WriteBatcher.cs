namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Runs one write at a time and combines the calls that arrive meanwhile into the next write. The database serializes
/// the writers of a task anyway, each for as long as the disk takes to confirm; many small calls at once then share
/// that time, and one connection.
/// </summary>
/// <param name="put">Stores records in one step.</param>
internal sealed class WriteBatcher(
    Func<IReadOnlyList<SignedLinktree>, CancellationToken, ValueTask<IReadOnlyList<PutOutcome>>> put)
{
    /// <summary>Calls are combined up to this many records. A call with more records is written alone.</summary>
    internal const int MaxRecordsPerBatch = 1024;

    private readonly Lock _lock = new();
    private readonly LinkedList<Call> _waiting = [];
    private bool _isRunning;

    /// <summary>Completes when no write is running.</summary>
    internal Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>
    /// Stores the records of one call. A call that is canceled while it waits is not stored. One that is canceled later
    /// may be stored or not, and the calls in the same batch are not affected.
    /// </summary>
    internal async Task<IReadOnlyList<PutOutcome>> PutAsync(SignedLinktree[] linktrees, CancellationToken cancellationToken)
    {
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
                batch.Complete(await put(batch.Linktrees, batch.Cancellation.Token).ConfigureAwait(false));
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
                next is not null && (next == first || batch.Count + next.Value.Linktrees.Length <= MaxRecordsPerBatch);
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
