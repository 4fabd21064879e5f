using Koii.DbSharing.Concurrency;

namespace Koii.DbSharing.Tests.Concurrency;

public sealed class AsyncSemaphoreTests
{
    [Test]
    public async Task Free_lock_is_taken_at_once_and_again_after_its_release()
    {
        var asyncLock = new AsyncSemaphore();

        for (var i = 0; i < 3; i++)
        {
            var acquiring = asyncLock.AcquireAsync();
            Assert.That(acquiring.IsCompletedSuccessfully, Is.True);
            (await acquiring).Dispose();
        }
    }

    [Test]
    public async Task Waiters_are_served_one_at_a_time_in_the_order_they_came()
    {
        var asyncLock = new AsyncSemaphore();
        var first = await asyncLock.AcquireAsync();
        var served = new List<int>();
        var waiters = Enumerable.Range(0, 100).Select(WaitAsync).ToArray();

        Assert.That(served, Is.Empty);
        first.Dispose();
        await Task.WhenAll(waiters);

        Assert.That(served, Is.EqualTo(Enumerable.Range(0, 100)));
        Assert.That(asyncLock.AcquireAsync().IsCompletedSuccessfully, Is.True);

        async Task WaitAsync(int number)
        {
            using (await asyncLock.AcquireAsync().ConfigureAwait(false))
                served.Add(number);
        }
    }

    [Test]
    public Task Waiter_never_goes_on_inside_the_release() =>
        WithoutContextAsync(async () =>
        {
            var asyncLock = new AsyncSemaphore();
            var first = await asyncLock.AcquireAsync();
            var releasing = 0;
            var waiting = WaitAsync();

            Volatile.Write(ref releasing, Environment.CurrentManagedThreadId);
            first.Dispose();
            Volatile.Write(ref releasing, 0);
            await waiting;

            async Task WaitAsync()
            {
                using (await asyncLock.AcquireAsync().ConfigureAwait(false))
                    Assert.That(Environment.CurrentManagedThreadId, Is.Not.EqualTo(Volatile.Read(ref releasing)), "the holder before waits for what comes after it");
            }
        });

    [Test]
    public async Task Cancelled_waiter_loses_its_turn_and_the_next_one_gets_it()
    {
        var asyncLock = new AsyncSemaphore();
        using var source = new CancellationTokenSource();
        var first = await asyncLock.AcquireAsync();
        var cancelled = asyncLock.AcquireAsync(source.Token).AsTask();
        var patient = asyncLock.AcquireAsync().AsTask();

        await source.CancelAsync();
        Assert.That(async () => await cancelled, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(patient.IsCompleted, Is.False);
        first.Dispose();

        (await patient).Dispose();
        Assert.That(asyncLock.AcquireAsync().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task Lock_is_free_when_all_waiters_were_cancelled()
    {
        var asyncLock = new AsyncSemaphore();
        using var source = new CancellationTokenSource();
        var first = await asyncLock.AcquireAsync();
        var cancelled = Enumerable.Range(0, 3).Select(_ => asyncLock.AcquireAsync(source.Token).AsTask()).ToArray();

        await source.CancelAsync();
        first.Dispose();

        // Each waiter ends on the thread pool, in its own time.
        foreach (var waiter in cancelled)
            Assert.That(async () => await waiter, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(asyncLock.AcquireAsync().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void Cancelled_caller_does_not_take_a_free_lock()
    {
        var asyncLock = new AsyncSemaphore();

        Assert.That(async () => await asyncLock.AcquireAsync(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(asyncLock.AcquireAsync().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task Only_one_of_many_threads_is_inside()
    {
        var asyncLock = new AsyncSemaphore();
        var inside = 0;
        var count = 0;

        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                using (await asyncLock.AcquireAsync().ConfigureAwait(false))
                {
                    Assert.That(Interlocked.Increment(ref inside), Is.EqualTo(1));
                    if ((worker + i) % 3 == 0)
                        await Task.Yield();
                    count++;
                    Interlocked.Decrement(ref inside);
                }
            }
        })));

        Assert.That(count, Is.EqualTo(8 * 500));
    }

    // The runner's own SynchronizationContext would move continuations to the thread pool.
    private static Task WithoutContextAsync(Func<Task> test) => Task.Run(test);
}
