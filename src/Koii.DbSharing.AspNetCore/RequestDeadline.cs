using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Koii.DbSharing.AspNetCore;

/// <summary>
/// The time limits of one request: as a whole, for each wait for the client, and as a least rate over all such waits.
/// </summary>
/// <remarks>
/// It works the same on each server and leaves the server's own limits as they are. Before the response has started, an
/// exceeded limit cancels the request, so that the client can get an error response; after that it aborts the connection.
/// Only waiting counts as the client's time: a store that is slow does not make a client slow. When the application stops,
/// a request has <see cref="StopDelay"/> left; one that then waits for its client is aborted, since a server that answers
/// it would read the rest of the body first.
/// </remarks>
internal sealed class RequestDeadline : IDisposable
{
    /// <summary>The time that a request may go on when the application stops.</summary>
    internal static readonly TimeSpan StopDelay = TimeSpan.FromSeconds(1);

    // Never disposed: a timer's callback may still run when the request is over. Without a timer of its own it holds no
    // resource.
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenRegistration _clientLeft;
    private readonly CancellationTokenRegistration _stopping;
    private readonly IHttpResponseFeature _response;
    private readonly IHttpRequestLifetimeFeature _lifetime;
    private readonly DbSharingEndpointOptions _limits;
    private readonly TimeProvider _clock;
    private readonly Lock _lock = new();
    private readonly ITimer _requestTimer;
    private readonly ITimer _idleTimer;
    private TimeSpan _waited;
    private long _bytes;
    private Action? _cancelWait;
    private bool _isStopping;
    private bool _isOver;

    internal RequestDeadline(
        HttpContext context, DbSharingEndpointOptions limits, TimeProvider clock, CancellationToken stopping = default)
    {
        _limits = limits;
        _clock = clock;
        _response = context.Features.GetRequiredFeature<IHttpResponseFeature>();
        _lifetime = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        _clientLeft = context.RequestAborted.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _ended);
        _idleTimer = clock.CreateTimer(
            static deadline => ((RequestDeadline)deadline!).EndSlowClient(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _requestTimer = clock.CreateTimer(
            static deadline => ((RequestDeadline)deadline!).End(isClientSlow: false), this, limits.RequestTimeout, Timeout.InfiniteTimeSpan);
        _stopping = stopping.UnsafeRegister(static deadline => ((RequestDeadline)deadline!).Stop(), this);
    }

    /// <summary>Canceled when the client has left or a limit is exceeded.</summary>
    internal CancellationToken Token => _ended.Token;

    /// <summary>Whether a limit is exceeded.</summary>
    internal bool IsExceeded { get; private set; }

    /// <summary>
    /// Whether the exceeded limit is one of the client's waits; otherwise it is that of the whole request, or the
    /// application stops.
    /// </summary>
    internal bool IsClientSlow { get; private set; }

    /// <summary>Whether the connection was aborted, so that the client gets no response.</summary>
    internal bool IsAborted { get; private set; }

    /// <summary>Whether the exceeded limit is that of an application that stops.</summary>
    internal bool IsStopping { get; private set; }

    /// <summary>Waits until the client has sent or received something.</summary>
    /// <param name="pending">The server's read or write.</param>
    /// <param name="cancel">
    /// Cancels the read or write when a limit is exceeded before the response has started. Default: only the token does.
    /// </param>
    internal async ValueTask<T> WaitAsync<T>(ValueTask<T> pending, Action? cancel = null)
    {
        if (pending.IsCompleted)
            return await pending;

        var start = _clock.GetTimestamp();
        SetCancelWait(cancel);
        _idleTimer.Change(_limits.IdleTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            return await pending;
        }
        finally
        {
            SetCancelWait(null);
            _idleTimer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _waited += _clock.GetElapsedTime(start);
        }
    }

    /// <summary>
    /// Counts bytes that the client sent or received, and ends the request where the rate over all waits is too low.
    /// </summary>
    internal void Count(int bytes)
    {
        _bytes += bytes;
        if (_waited >= _limits.IdleTimeout && _bytes < _limits.MinBytesPerSecond * _waited.TotalSeconds)
            EndSlowClient();
    }

    /// <summary>Ends the request because its client is too slow.</summary>
    internal void EndSlowClient() => End(isClientSlow: true);

    public void Dispose()
    {
        lock (_lock)
            _isOver = true;
        _requestTimer.Dispose();
        _idleTimer.Dispose();
        _clientLeft.Dispose();
        _stopping.Dispose();
    }

    private void Stop()
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            _isStopping = true;
            _requestTimer.Change(StopDelay, Timeout.InfiniteTimeSpan);
        }
    }

    private void SetCancelWait(Action? cancel)
    {
        lock (_lock)
        {
            _cancelWait = cancel;
            if (IsExceeded)
                cancel?.Invoke();
        }
    }

    private void End(bool isClientSlow)
    {
        lock (_lock)
        {
            // A timer that fires late must not abort the connection under the next request.
            if (_isOver || IsExceeded)
                return;
            IsExceeded = true;
            IsClientSlow = isClientSlow;
            IsStopping = !isClientSlow && _isStopping;
            IsAborted = _response.HasStarted || (IsStopping && _cancelWait is not null);
            if (IsAborted)
                _lifetime.Abort();
            else
                _cancelWait?.Invoke();
        }

        _ended.Cancel();
    }
}
