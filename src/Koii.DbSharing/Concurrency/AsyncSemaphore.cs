using System.Diagnostics.CodeAnalysis;

namespace Koii.DbSharing.Concurrency;

/// <summary>
/// A semaphore for asynchronous code, whose waiters get a permit in the order of their calls (FIFO). With one permit it
/// is a lock.
/// </summary>
/// <remarks>
/// <para>A waiter that gets a permit continues on the thread pool, and never inside <see cref="Releaser.Dispose"/> of
/// the previous holder: otherwise its work would delay that holder, and a hostile peer could do so for as long as it
/// sends pages. A released permit goes directly to the next waiter, so a later caller cannot overtake it.</para>
/// <para>Beside the store stage, whose scheduler is injected, this is the only point at which a round continues on
/// another thread than the one that drives it, and only if peers compete for permits. A deterministic simulation has to
/// control only these points. Not reentrant. Safe for use by multiple threads.</para>
/// </remarks>
/// <param name="permits">The number of holders at the same time: at least 1.</param>
internal sealed class AsyncSemaphore(int permits = 1)
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiters = [];
    private int _available = permits;

    /// <summary>Whether callers wait for a permit. A canceled one may count until a permit is released.</summary>
    internal bool IsContended
    {
        get { lock (_gate) return _waiters.Count > 0; }
    }

    /// <summary>Acquires a permit, and waits for one if none is available.</summary>
    /// <param name="cancellationToken">
    /// Cancels only this caller's wait. The method does not acquire a permit if it is already canceled.
    /// </param>
    /// <returns>A value that releases the permit. It must be disposed exactly once.</returns>
    internal async ValueTask<Releaser> AcquireAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource waiter;
        lock (_gate)
        {
            if (_available > 0)
            {
                _available--;
                return new Releaser(this);
            }

            waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Enqueue(waiter);
        }

        // Cancellation and the hand-over of a permit race to complete the waiter; the second has no effect. A canceled
        // waiter is skipped when a permit is released.
        using var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), waiter);
        await waiter.Task.ConfigureAwait(false);
        return new Releaser(this);
    }

    private void Release()
    {
        while (TryDequeueWaiter(out var waiter) && !waiter.TrySetResult())
        {
        }
    }

    /// <summary>Dequeues the next waiter, or makes the permit available if there is none.</summary>
    private bool TryDequeueWaiter([NotNullWhen(true)] out TaskCompletionSource? waiter)
    {
        lock (_gate)
        {
            if (_waiters.TryDequeue(out waiter))
                return true;
            _available++;
            return false;
        }
    }

    /// <summary>Releases a permit when it is disposed.</summary>
    internal readonly struct Releaser(AsyncSemaphore semaphore) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => semaphore.Release();
    }
}
