namespace Koii.DbSharing.TestSupport;

/// <summary>Lets tests await a state that other threads change. Each change is signaled, so nothing polls.</summary>
/// <param name="gate">The lock under which the state changes and conditions are evaluated.</param>
public sealed class StateBarrier(Lock gate)
{
    private readonly List<(Func<bool> Condition, TaskCompletionSource Met)> _waits = [];

    /// <summary>Creates a barrier with a lock of its own.</summary>
    public StateBarrier()
        : this(new Lock())
    {
    }

    /// <summary>Completes when the condition holds, now or after a change.</summary>
    public Task WhenAsync(Func<bool> condition)
    {
        lock (gate)
        {
            if (condition())
                return Task.CompletedTask;
            var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waits.Add((condition, met));
            return met.Task;
        }
    }

    /// <summary>Changes the state and completes each wait whose condition then holds.</summary>
    public void Change(Action change)
    {
        lock (gate)
        {
            change();
            _waits.RemoveAll(wait => wait.Condition() && wait.Met.TrySetResult());
        }
    }
}
