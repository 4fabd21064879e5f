using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Koii.DbSharing.AspNetCore;

/// <summary>
/// The time limits of one request: as a whole, for each wait for the client, and as a least rate over all such waits.
/// </summary>
/// <remarks>
/// It works the same on each server and leaves the server's own limits as they are. Before the response has started, an
/// exceeded limit cancels the request, so that the client can get an error response; after that it aborts the connection.
/// Only waiting counts as the client's time: a store that is slow does not make a client slow.
/// </remarks>
internal sealed class RequestDeadline : IDisposable
{
    // Never disposed: a timer's callback may still run when the request is over. Without a timer of its own it holds no
    // resource.
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenRegistration _clientLeft;
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
    private bool _isOver;

    internal RequestDeadline(HttpContext context, DbSharingEndpointOptions limits, TimeProvider clock)
    {
        _limits = limits;
        _clock = clock;
        _response = context.Features.GetRequiredFeature<IHttpResponseFeature>();
        _lifetime = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        _clientLeft = context.RequestAborted.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _ended);
        _idleTimer = clock.CreateTimer(
            static deadline => ((RequestDeadline)deadline!).End(isClientSlow: true), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _requestTimer = clock.CreateTimer(
            static deadline => ((RequestDeadline)deadline!).End(isClientSlow: false), this, limits.RequestTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Canceled when the client has left or a limit is exceeded.</summary>
    internal CancellationToken Token => _ended.Token;

    /// <summary>Whether a limit is exceeded.</summary>
    internal bool IsExceeded { get; private set; }

    /// <summary>
    /// Whether the exceeded limit is one of the client's waits; otherwise it is that of the whole request.
    /// </summary>
    internal bool IsClientSlow { get; private set; }

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
            End(isClientSlow: true);
    }

    public void Dispose()
    {
        lock (_lock)
            _isOver = true;
        _requestTimer.Dispose();
        _idleTimer.Dispose();
        _clientLeft.Dispose();
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
            if (_response.HasStarted)
                _lifetime.Abort();
            else
                _cancelWait?.Invoke();
        }

        _ended.Cancel();
    }
}
