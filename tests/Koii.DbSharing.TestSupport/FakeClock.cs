namespace Koii.DbSharing.TestSupport;

/// <summary>
/// A clock that a test moves, and on which a test can await timers. Timers that become due run inside
/// <see cref="Advance"/>, in the order of their due times.
/// </summary>
/// <remarks>
/// Not FakeTimeProvider of Microsoft.Extensions.TimeProvider.Testing: it runs each callback at the end of the time that
/// it advances, so a timer that a callback sets becomes due too late.
/// </remarks>
public sealed class FakeClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly StateBarrier _barrier;
    private readonly List<FakeTimer> _timers = [];
    private DateTimeOffset _now;

    public FakeClock(DateTimeOffset? now = null)
    {
        _now = now ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        _barrier = new StateBarrier(_lock);
    }

    /// <summary>Whether no timer is set.</summary>
    public bool IsIdle
    {
        get { lock (_lock) return _timers.Count == 0; }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    /// <summary>Completes when as many timers are set that become due in exactly this time.</summary>
    public Task WhenTimerIsSetAsync(TimeSpan dueIn, int count = 1) =>
        WhenTimersAreSetAsync(timers => timers.Count(time => time == dueIn) >= count);

    /// <summary>Completes when the condition holds for the times in which the timers that are set become due.</summary>
    public Task WhenTimersAreSetAsync(Func<IReadOnlyCollection<TimeSpan>, bool> condition) =>
        _barrier.WhenAsync(() => condition([.. _timers.Select(timer => timer.Due - _now)]));

    /// <summary>Moves the clock. A negative time moves it back and runs no timer.</summary>
    public void Advance(TimeSpan by)
    {
        var end = GetUtcNow() + by;
        while (true)
        {
            FakeTimer? due = null;
            _barrier.Change(() =>
            {
                due = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
                if (due is null)
                    _now = end;
                else if (due.Due > _now)
                    _now = due.Due;
                due?.SetAgainUnderLock();
            });
            if (due is null)
                return;
            due.Run();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class FakeTimer(FakeClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock._barrier.Change(() =>
            {
                clock._timers.Remove(this);
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = clock._now + dueTime;
                    clock._timers.Add(this);
                }
            });
            return true;
        }

        public void SetAgainUnderLock()
        {
            if (_period == Timeout.InfiniteTimeSpan || _period == TimeSpan.Zero)
                clock._timers.Remove(this);
            else
                Due += _period;
        }

        public void Run() => callback(state);

        public void Dispose() => clock._barrier.Change(() => clock._timers.Remove(this));

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
