namespace Koii.DbSharing.Concurrency;

/// <summary>
/// Mutual exclusion for asynchronous code: one holder at a time, the others wait their turn without a thread, first come, first served.
/// </summary>
/// <remarks>
/// A waiter goes on inside the <see cref="Releaser.Dispose"/> of the holder before it, on that thread: <see cref="SemaphoreSlim"/> would move it to
/// the thread pool, and a run on virtual time could then not be replayed. (Where a <see cref="SynchronizationContext"/> is current, tasks continue on the
/// pool in any case.) Not re-entrant.
/// </remarks>
internal sealed class AsyncLock
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiters = [];
    private bool _isHeld;
    private bool _isHandingOver;
    private bool _isReleasedMeanwhile;

    /// <summary>Waits until the lock is free and takes it.</summary>
    /// <param name="cancellationToken">Ends this caller's wait and nobody else's.</param>
    /// <returns>What gives the lock back; to be disposed exactly once.</returns>
    internal async ValueTask<Releaser> AcquireAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource waiter;
        lock (_gate)
        {
            if (!_isHeld)
            {
                _isHeld = true;
                return new Releaser(this);
            }

            waiter = new TaskCompletionSource();
            _waiters.Enqueue(waiter);
        }

        // Cancellation and the hand-over race to complete the waiter; the one that loses changes nothing. A cancelled waiter is passed over when its turn comes.
        using var registration = cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), waiter);
        await waiter.Task.ConfigureAwait(false);
        return new Releaser(this);
    }

    private void Release()
    {
        lock (_gate)
        {
            // A holder that ran inside our own hand-over is done: the loop below goes on, so a long queue does not deepen the stack.
            if (_isHandingOver)
            {
                _isReleasedMeanwhile = true;
                return;
            }
        }

        while (TryTakeNext(out var next))
        {
            var handedOver = next.TrySetResult();
            lock (_gate)
            {
                _isHandingOver = false;
                if (handedOver && !_isReleasedMeanwhile)
                    return;
                _isReleasedMeanwhile = false;
            }
        }
    }

    private bool TryTakeNext([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TaskCompletionSource? next)
    {
        lock (_gate)
        {
            _isHeld = _isHandingOver = _waiters.TryDequeue(out next);
            return _isHeld;
        }
    }

    /// <summary>Gives the lock back when it is disposed.</summary>
    internal readonly struct Releaser(AsyncLock owner) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => owner.Release();
    }
}
