namespace Koii.DbSharing.Concurrency;

/// <summary>
/// Mutual exclusion for asynchronous code: one holder at a time, or as many as it is made for; the others wait their turn without a thread, first come, first served.
/// </summary>
/// <remarks>
/// A waiter goes on by itself, on the thread pool, and never inside the <see cref="Releaser.Dispose"/> of the holder before it: there, whatever it does next
/// would hold that holder up, and a hostile peer would do so for as long as it has pages. It is the one place where a round leaves the thread that
/// drives it, and only when peers contend; a run on virtual time has this place to direct. Not re-entrant.
/// </remarks>
/// <param name="holders">How many may hold it at the same time.</param>
internal sealed class AsyncSemaphore(int holders = 1)
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiters = [];
    private int _free = holders;

    /// <summary>Waits until the lock is free and takes it.</summary>
    /// <param name="cancellationToken">Ends this caller's wait and nobody else's.</param>
    /// <returns>What gives the lock back; to be disposed exactly once.</returns>
    internal async ValueTask<Releaser> AcquireAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource waiter;
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return new Releaser(this);
            }

            waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Enqueue(waiter);
        }

        // Cancellation and the hand-over race to complete the waiter; the one that loses changes nothing. A cancelled waiter is passed over when its turn comes.
        using var registration = cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), waiter);
        await waiter.Task.ConfigureAwait(false);
        return new Releaser(this);
    }

    private void Release()
    {
        while (TryTakeNext(out var next) && !next.TrySetResult())
        {
        }
    }

    private bool TryTakeNext([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TaskCompletionSource? next)
    {
        lock (_gate)
        {
            if (_waiters.TryDequeue(out next))
                return true;
            _free++;
            return false;
        }
    }

    /// <summary>Gives the lock back when it is disposed.</summary>
    internal readonly struct Releaser(AsyncSemaphore owner) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => owner.Release();
    }
}
