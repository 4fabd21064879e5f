namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Lets one call at a time write, and puts the pages that come meanwhile together into the next. Writers of a task take turns in the database anyway, each for as long as the
/// disk takes to confirm; many small pages at once then share that time, and hold one connection.
/// </summary>
/// <param name="put">Stores a page, in one step.</param>
internal sealed class WriteBatcher(Func<IReadOnlyList<SignedLinktree>, CancellationToken, ValueTask<IReadOnlyList<PutOutcome>>> put)
{
    /// <summary>Pages are put together up to this many records. A larger one goes alone.</summary>
    internal const int MaxRecordsAtOnce = 1024;

    private readonly Lock _lock = new();
    private readonly LinkedList<Entry> _waiting = [];
    private bool _isRunning;

    /// <summary>Ends when nothing is being written.</summary>
    internal Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>
    /// Stores a page. Cancelled before its turn, it is not stored; cancelled later, it is stored or not as it happens, and the pages that share its turn go on.
    /// </summary>
    internal async Task<IReadOnlyList<PutOutcome>> PutAsync(SignedLinktree[] page, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entry = new Entry(page, cancellationToken);
        lock (_lock)
        {
            _waiting.AddLast(entry);
            if (!_isRunning)
            {
                _isRunning = true;
                Running = StartRun();
            }
        }

        using var registration = cancellationToken.UnsafeRegister(_ => Cancel(entry), null);
        return await entry.Outcomes.Task.ConfigureAwait(false);
    }

    /// <summary>What flows with the call that comes first, such as its transaction, is none of the others' whose pages the run stores.</summary>
    private Task StartRun()
    {
        if (ExecutionContext.IsFlowSuppressed())
            return RunAsync();
        using (ExecutionContext.SuppressFlow())
            return RunAsync();
    }

    /// <summary>Never throws: what fails is the failure of those whose pages it was.</summary>
    private async Task RunAsync()
    {
        // The caller that happens to be first holds the lock and must not do the work.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (TakeTurn() is { } turn)
        {
            try
            {
                turn.Complete(await put(turn.Page, turn.Cancellation.Token).ConfigureAwait(false));
            }
            catch (OperationCanceledException) when (turn.Cancellation.IsCancellationRequested)
            {
                turn.Cancel();
            }
            catch (Exception failure)
            {
                turn.Fail(failure);
            }
        }
    }

    private Turn? TakeTurn()
    {
        lock (_lock)
        {
            if (_waiting.First is not { } first)
            {
                _isRunning = false;
                return null;
            }

            var turn = new Turn();
            for (var next = first; next is not null && (next == first || turn.Count + next.Value.Page.Length <= MaxRecordsAtOnce); next = _waiting.First)
            {
                turn.Add(next.Value);
                _waiting.RemoveFirst();
            }

            return turn;
        }
    }

    private void Cancel(Entry entry)
    {
        Turn? abandoned = null;
        lock (_lock)
        {
            if (entry.Turn is not { } turn)
                _waiting.Remove(entry);
            else if (turn.Leave())
                abandoned = turn;
        }

        // A turn that nobody waits for any more is ended, and its end says what became of it. The others of a shared turn wait for theirs.
        if (abandoned is not null)
            abandoned.Cancellation.Cancel();
        else
            entry.Outcomes.TrySetCanceled(entry.CancellationToken);
    }

    private sealed class Entry(SignedLinktree[] page, CancellationToken cancellationToken)
    {
        internal SignedLinktree[] Page { get; } = page;

        internal CancellationToken CancellationToken { get; } = cancellationToken;

        internal TaskCompletionSource<IReadOnlyList<PutOutcome>> Outcomes { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The turn that it has been taken into.</summary>
        internal Turn? Turn { get; set; }
    }

    /// <summary>The pages that are stored in one step. Changed under the queue's lock only.</summary>
    private sealed class Turn
    {
        private readonly List<Entry> _entries = [];
        private int _left;

        // Never disposed of: it has no timer, and a caller may give up while the turn ends.
        internal CancellationTokenSource Cancellation { get; } = new();

        internal int Count { get; private set; }

        internal IReadOnlyList<SignedLinktree> Page => _entries.Count == 1 ? _entries[0].Page : [.. _entries.SelectMany(entry => entry.Page)];

        internal void Add(Entry entry)
        {
            entry.Turn = this;
            _entries.Add(entry);
            Count += entry.Page.Length;
        }

        /// <summary>Answers whether nobody is left.</summary>
        internal bool Leave() => ++_left == _entries.Count;

        internal void Complete(IReadOnlyList<PutOutcome> outcomes)
        {
            var next = 0;
            foreach (var entry in _entries)
            {
                entry.Outcomes.TrySetResult(_entries.Count == 1 ? outcomes : [.. outcomes.Skip(next).Take(entry.Page.Length)]);
                next += entry.Page.Length;
            }
        }

        internal void Cancel()
        {
            foreach (var entry in _entries)
                entry.Outcomes.TrySetCanceled(entry.CancellationToken);
        }

        internal void Fail(Exception failure)
        {
            foreach (var entry in _entries)
                entry.Outcomes.TrySetException(failure);
        }
    }
}
