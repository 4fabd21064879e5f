using Koii.DbSharing.Concurrency;

namespace Koii.DbSharing.Tests.Concurrency;

public sealed class AsyncSemaphoreTests
{
    [Test]
    public async Task Available_permit_is_acquired_synchronously_and_again_after_its_release()
    {
        var semaphore = new AsyncSemaphore();

        for (var i = 0; i < 3; i++)
        {
            var acquiring = semaphore.AcquireAsync();
            Assert.That(acquiring.IsCompletedSuccessfully, Is.True);
            (await acquiring).Dispose();
        }
    }

    [Test]
    public async Task Waiters_get_the_permit_one_at_a_time_in_the_order_of_their_calls()
    {
        var semaphore = new AsyncSemaphore();
        var first = await semaphore.AcquireAsync();
        var served = new List<int>();
        var waiters = Enumerable.Range(0, 100).Select(WaitAsync).ToArray();

        Assert.That(served, Is.Empty);
        first.Dispose();
        await Task.WhenAll(waiters);

        Assert.That(served, Is.EqualTo(Enumerable.Range(0, 100)));
        Assert.That(semaphore.AcquireAsync().IsCompletedSuccessfully, Is.True);

        async Task WaitAsync(int number)
        {
            using (await semaphore.AcquireAsync().ConfigureAwait(false))
                served.Add(number);
        }
    }

    [Test]
    public Task Waiter_does_not_continue_inside_the_release() =>
        WithoutContextAsync(async () =>
        {
            var semaphore = new AsyncSemaphore();
            var first = await semaphore.AcquireAsync();
            var releasing = 0;
            var waiting = WaitAsync();

            Volatile.Write(ref releasing, Environment.CurrentManagedThreadId);
            first.Dispose();
            Volatile.Write(ref releasing, 0);
            await waiting;

            async Task WaitAsync()
            {
                using (await semaphore.AcquireAsync().ConfigureAwait(false))
                    Assert.That(
                        Environment.CurrentManagedThreadId, Is.Not.EqualTo(Volatile.Read(ref releasing)), "the waiter continued inside the release");
            }
        });

    [Test]
    public async Task Canceled_waiter_is_skipped()
    {
        var semaphore = new AsyncSemaphore();
        using var source = new CancellationTokenSource();
        var first = await semaphore.AcquireAsync();
        var canceled = semaphore.AcquireAsync(source.Token).AsTask();
        var patient = semaphore.AcquireAsync().AsTask();

        await source.CancelAsync();
        Assert.That(async () => await canceled, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(patient.IsCompleted, Is.False);
        first.Dispose();

        (await patient).Dispose();
        Assert.That(semaphore.AcquireAsync().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task Permit_is_available_after_all_waiters_were_canceled()
    {
        var semaphore = new AsyncSemaphore();
        using var source = new CancellationTokenSource();
        var first = await semaphore.AcquireAsync();
        var canceled = Enumerable.Range(0, 3).Select(_ => semaphore.AcquireAsync(source.Token).AsTask()).ToArray();

        await source.CancelAsync();
        first.Dispose();

        // Each waiter ends on the thread pool, possibly later than the release.
        foreach (var waiter in canceled)
            Assert.That(async () => await waiter, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(semaphore.AcquireAsync().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void Canceled_caller_does_not_acquire_an_available_permit()
    {
        var semaphore = new AsyncSemaphore();

        Assert.That(async () => await semaphore.AcquireAsync(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(semaphore.AcquireAsync().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task Permits_bound_the_number_of_holders_among_many_threads([Values(1, 3)] int permits)
    {
        var semaphore = new AsyncSemaphore(permits);
        var holders = 0;
        var count = 0;

        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                using (await semaphore.AcquireAsync().ConfigureAwait(false))
                {
                    Assert.That(Interlocked.Increment(ref holders), Is.LessThanOrEqualTo(permits));
                    if ((worker + i) % 3 == 0)
                        await Task.Yield();
                    Interlocked.Increment(ref count);
                    Interlocked.Decrement(ref holders);
                }
            }
        })));

        Assert.That(count, Is.EqualTo(8 * 500));
    }

    // The runner's own SynchronizationContext would move continuations to the thread pool.
    private static Task WithoutContextAsync(Func<Task> test) => Task.Run(test);
}
