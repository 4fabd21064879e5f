namespace Koii.DbSharing.Http;

/// <summary>
/// The time limits of a transfer: one for the whole of it and one for its current step. Afterwards it tells which limit
/// was exceeded, or that the caller canceled. One thread at a time starts and ends steps.
/// </summary>
internal sealed class TransferTimer : IDisposable
{
    // Not disposed of: a timer's callback may still be running when the transfer has ended, and it must not find a
    // disposed source. Without a timer or wait handle of its own the source holds nothing that the garbage collector
    // would not free.
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationToken _caller;
    private readonly CancellationTokenRegistration _registration;
    private readonly ITimer _whole;
    private readonly ITimer _step;
    private TransferFault? _stepFault;
    private TransferFault? _expired;

    /// <summary>Starts the time of a transfer.</summary>
    /// <param name="clock">The clock of every limit.</param>
    /// <param name="limits">The limits of the transfer.</param>
    /// <param name="caller">Cancels the transfer.</param>
    public TransferTimer(TimeProvider clock, TransferLimits limits, CancellationToken caller)
    {
        Clock = clock;
        Limits = limits;
        _caller = caller;
        _registration = caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _ended);
        _step = clock.CreateTimer(
            static timer => ((TransferTimer)timer!).ExpireStep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _whole = clock.CreateTimer(
            static timer => ((TransferTimer)timer!).Expire(TransferFault.WholeTimeout), this, limits.WholeTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The clock of every limit.</summary>
    public TimeProvider Clock { get; }

    /// <summary>The limits of the transfer.</summary>
    public TransferLimits Limits { get; }

    /// <summary>
    /// Is canceled when a limit is exceeded or the caller cancels. Every wait for the other side uses it.
    /// </summary>
    public CancellationToken Token => _ended.Token;

    /// <summary>The limit that was exceeded, or <see langword="null"/>.</summary>
    public TransferFault? Expired => Volatile.Read(ref _expired);

    /// <summary>Starts a step.</summary>
    /// <param name="timeout">The longest time of the step.</param>
    /// <param name="fault">The fault when the step takes longer.</param>
    public void StartStep(TimeSpan timeout, TransferFault fault)
    {
        Volatile.Write(ref _stepFault, fault);
        _step.Change(timeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends the step.</summary>
    public void EndStep() => _step.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>
    /// Throws where the caller canceled, with the caller's own token. It takes precedence over a limit exceeded at the
    /// same moment.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller canceled.</exception>
    public void ThrowIfCanceledByCaller() => _caller.ThrowIfCancellationRequested();

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
