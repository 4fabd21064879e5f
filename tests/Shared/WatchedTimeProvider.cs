namespace Koii.DbSharing.TestSupport;

/// <summary>A manual clock on which a test can wait until so many timers have been armed: then the code under test waits too.</summary>
internal sealed class WatchedTimeProvider : TimeProvider
{
    private readonly ManualTimeProvider _clock = new();
    private readonly Lock _lock = new();
    private readonly List<(int Arms, TaskCompletionSource Reached)> _waiting = [];
    private readonly List<(TimeSpan Due, TaskCompletionSource Armed)> _awaited = [];
    private int _arms;

    public override long TimestampFrequency => _clock.TimestampFrequency;

    /// <summary>Timers that are armed now. At the end of a test there must be none.</summary>
    public int ArmedTimers => _clock.ArmedTimers;

    /// <summary>How often timers have been armed since the clock was made.</summary>
    public int Arms
    {
        get { lock (_lock) return _arms; }
    }

    /// <inheritdoc cref="ManualTimeProvider.TimersDueWithin"/>
    public int TimersDueWithin(TimeSpan time) => _clock.TimersDueWithin(time);

    /// <inheritdoc cref="ManualTimeProvider.HasTimerDueIn"/>
    public bool HasTimerDueIn(TimeSpan time) => _clock.HasTimerDueIn(time);

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override long GetTimestamp() => _clock.GetTimestamp();

    public void Advance(TimeSpan by) => _clock.Advance(by);

    /// <summary>Waits until timers have been armed so often in all, since the clock was made.</summary>
    public Task ArmedAsync(int times)
    {
        lock (_lock)
        {
            if (_arms >= times)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((times, reached));
            return reached.Task;
        }
    }

    /// <summary>Waits until a timer is armed that fires when the clock is moved by exactly this time: then the code under test waits for it.</summary>
    public Task TimerAsync(TimeSpan due)
    {
        var armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
            _awaited.Add((due, armed));
        // Armed before, or between the two: either is enough.
        if (_clock.HasTimerDueIn(due))
            armed.TrySetResult();
        return armed.Task;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new WatchedTimer(this, _clock.CreateTimer(callback, state, dueTime, period));
        Count(dueTime);
        return timer;
    }

    private void Count(TimeSpan dueTime)
    {
        if (dueTime == Timeout.InfiniteTimeSpan)
            return;
        lock (_lock)
        {
            _arms++;
            foreach (var (_, reached) in _waiting.Where(waiting => waiting.Arms <= _arms))
                reached.TrySetResult();
            foreach (var (_, armed) in _awaited.Where(awaited => awaited.Due == dueTime))
                armed.TrySetResult();
        }
    }

    private sealed class WatchedTimer(WatchedTimeProvider clock, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = timer.Change(dueTime, period);
            clock.Count(dueTime);
            return changed;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
