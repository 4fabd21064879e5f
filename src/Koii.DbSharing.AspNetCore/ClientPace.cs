using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Koii.DbSharing.AspNetCore;

/// <summary>
/// Ends a request that takes too long: as a whole, or because its client neither sends nor takes. It does not depend on the server, whose own limits stay as they are.
/// </summary>
/// <remarks>Before the answer has begun, the end is a cancellation, so that the client can be told; after that it is the end of the connection.</remarks>
internal sealed class ClientPace : IDisposable
{
    // Never disposed of: a timer's callback may still be under way when the request is over. Without a timer of its own it holds nothing.
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenRegistration _clientLeft;
    private readonly IHttpResponseFeature _response;
    private readonly IHttpRequestLifetimeFeature _lifetime;
    private readonly DbSharingEndpointOptions _limits;
    private readonly TimeProvider _clock;
    private readonly Lock _lock = new();
    private readonly ITimer _whole;
    private readonly ITimer _step;
    private TimeSpan _waited;
    private long _bytes;
    private Action? _cancelWait;
    private bool _isOver;

    internal ClientPace(HttpContext context, DbSharingEndpointOptions limits, TimeProvider clock)
    {
        _limits = limits;
        _clock = clock;
        _response = context.Features.GetRequiredFeature<IHttpResponseFeature>();
        _lifetime = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        _clientLeft = context.RequestAborted.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _ended);
        _step = clock.CreateTimer(static pace => ((ClientPace)pace!).Expire(isClientSlow: true), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _whole = clock.CreateTimer(static pace => ((ClientPace)pace!).Expire(isClientSlow: false), this, limits.RequestTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Cancelled when the client has gone or a limit was passed.</summary>
    internal CancellationToken Token => _ended.Token;

    /// <summary>Whether a limit was passed.</summary>
    internal bool IsExpired { get; private set; }

    /// <summary>Whether that limit was one of the client's pace; else it was that of the whole.</summary>
    internal bool IsClientSlow { get; private set; }

    /// <summary>Waits for the client to send or to take.</summary>
    /// <param name="pending">The server's read or write.</param>
    /// <param name="cancel">How to end it when it is late, where the answer has not begun. Default: with the token alone.</param>
    internal async ValueTask<T> WaitAsync<T>(ValueTask<T> pending, Action? cancel = null)
    {
        // Only waiting counts: the time that our own work takes is not the client's.
        if (pending.IsCompleted)
            return await pending;

        var start = _clock.GetTimestamp();
        Remember(cancel);
        _step.Change(_limits.IdleTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            return await pending;
        }
        finally
        {
            Remember(null);
            _step.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _waited += _clock.GetElapsedTime(start);
        }

        void Remember(Action? cancelWait)
        {
            lock (_lock)
            {
                _cancelWait = cancelWait;
                if (IsExpired)
                    cancelWait?.Invoke();
            }
        }
    }

    /// <summary>Counts what the client sent or took, which must be enough for the time spent waiting.</summary>
    internal void Count(int bytes)
    {
        _bytes += bytes;
        if (_waited >= _limits.IdleTimeout && _bytes < _limits.MinBytesPerSecond * _waited.TotalSeconds)
            Expire(isClientSlow: true);
    }

    public void Dispose()
    {
        lock (_lock)
            _isOver = true;
        _whole.Dispose();
        _step.Dispose();
        _clientLeft.Dispose();
    }

    private void Expire(bool isClientSlow)
    {
        lock (_lock)
        {
            // The next request on the connection must not pay for this one.
            if (_isOver || IsExpired)
                return;
            IsExpired = true;
            IsClientSlow = isClientSlow;
            if (_response.HasStarted)
                _lifetime.Abort();
            else
                _cancelWait?.Invoke();
        }

        _ended.Cancel();
    }
}
