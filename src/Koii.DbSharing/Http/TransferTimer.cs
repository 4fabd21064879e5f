namespace Koii.DbSharing.Http;

/// <summary>
/// Ends a transfer that takes too long: one limit for the whole of it, one for the step it is in. Knows afterwards which limit it was,
/// or that it was the caller. Steps are armed by one thread at a time.
/// </summary>
internal sealed class TransferTimer : IDisposable
{
    // Never disposed of: a timer's callback may still be under way when the transfer is over, and it must not meet a disposed source.
    // Without a timer or wait handle of its own the source holds nothing that the garbage collector would not free.
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationToken _caller;
    private readonly CancellationTokenRegistration _registration;
    private readonly ITimer _whole;
    private readonly ITimer _step;
    private TransferFault? _stepFault;
    private TransferFault? _expired;

    /// <summary>Starts the time of a transfer.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="wholeTimeout">How long the transfer may take.</param>
    /// <param name="caller">Ends the transfer on the caller's wish.</param>
    public TransferTimer(TimeProvider clock, TimeSpan wholeTimeout, CancellationToken caller)
    {
        Clock = clock;
        _caller = caller;
        _registration = caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _ended);
        _step = clock.CreateTimer(static timer => ((TransferTimer)timer!).ExpireStep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _whole = clock.CreateTimer(static timer => ((TransferTimer)timer!).Expire(TransferFault.WholeTimeout), this, wholeTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The clock that all of the transfer is measured by.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Cancelled when a limit was passed or the caller gave up. Everything that waits for the other side waits with it.</summary>
    public CancellationToken Token => _ended.Token;

    /// <summary>The limit that was passed, or <see langword="null"/>.</summary>
    public TransferFault? Expired => Volatile.Read(ref _expired);

    /// <summary>Begins a step.</summary>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="fault">What it means when it takes longer.</param>
    public void Arm(TimeSpan timeout, TransferFault fault)
    {
        Volatile.Write(ref _stepFault, fault);
        _step.Change(timeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends a step.</summary>
    public void Disarm() => _step.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Lets the caller's cancellation out, with the caller's own token. It goes before a limit passed at the same moment.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public void ThrowIfCancelledByCaller() => _caller.ThrowIfCancellationRequested();

    /// <inheritdoc/>
    public void Dispose()
    {
        _whole.Dispose();
        _step.Dispose();
        _registration.Dispose();
    }

    private void ExpireStep() => Expire(Volatile.Read(ref _stepFault)!);

    private void Expire(TransferFault fault)
    {
        if (Interlocked.CompareExchange(ref _expired, fault, null) is null)
            _ended.Cancel();
    }
}
