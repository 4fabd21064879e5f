using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>
/// A clock that a test moves, with barriers for what requests do: a test awaits them before it moves the clock.
/// </summary>
/// <remarks>
/// A request holds timers from its start to its end, and sets one of them anew for each wait for its client.
/// </remarks>
internal sealed class RequestClock : TimeProvider
{
    private readonly FakeClock _clock = new();
    private readonly Lock _lock = new();
    private readonly StateBarrier _barrier;
    private readonly HashSet<RequestTimer> _held = [];
    private readonly HashSet<RequestTimer> _waiting = [];
    private bool _hasNewWait;

    public RequestClock() => _barrier = new StateBarrier(_lock);

    public override long TimestampFrequency => _clock.TimestampFrequency;

    /// <summary>Whether each request has ended and has released its timers.</summary>
    public bool IsIdle
    {
        get { lock (_lock) return _held.Count == 0; }
    }

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override long GetTimestamp() => _clock.GetTimestamp();

    public void Advance(TimeSpan by) => _clock.Advance(by);

    /// <summary>Completes when so many requests wait for their clients at the same time.</summary>
    public Task RequestsWaitAsync(int requests) => _barrier.WhenAsync(() => _waiting.Count >= requests);

    /// <summary>
    /// Completes when a wait for a client has begun since the last one that this method or <see cref="TakeNewWait"/> has
    /// reported.
    /// </summary>
    public Task NewWaitAsync() => _barrier.WhenAsync(TakeNewWaitUnderLock);

    /// <summary>Whether a wait for a client has begun since the last one that was reported.</summary>
    public bool TakeNewWait()
    {
        lock (_lock)
            return TakeNewWaitUnderLock();
    }

    /// <summary>Completes when each request has ended.</summary>
    public Task RequestsEndAsync() => _barrier.WhenAsync(() => _held.Count == 0);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new RequestTimer(this, _clock.CreateTimer(callback, state, dueTime, period));
        _barrier.Change(() => _held.Add(timer));
        return timer;
    }

    private bool TakeNewWaitUnderLock()
    {
        var hasNewWait = _hasNewWait;
        _hasNewWait = false;
        return hasNewWait;
    }

    private sealed class RequestTimer(RequestClock clock, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var isChanged = timer.Change(dueTime, period);
            clock._barrier.Change(() =>
            {
                if (dueTime == Timeout.InfiniteTimeSpan)
                    clock._waiting.Remove(this);
                else
                    clock._hasNewWait |= clock._waiting.Add(this);
            });
            return isChanged;
        }

        public void Dispose()
        {
            timer.Dispose();
            clock._barrier.Change(() =>
            {
                clock._held.Remove(this);
                clock._waiting.Remove(this);
            });
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
