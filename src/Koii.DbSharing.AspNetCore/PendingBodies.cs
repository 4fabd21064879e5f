namespace Koii.DbSharing.AspNetCore;

/// <summary>Bounds the request bodies of which a part has not arrived.</summary>
/// <remarks>
/// A body holds no permit while it arrives, so slow senders cannot keep other requests from being served. At a bound, the
/// slowest body that is older than <see cref="MinAge"/> is ended in favor of the new one; where there is none, the new one
/// is refused. Safe for concurrent use.
/// </remarks>
/// <param name="clock">The clock of the ages.</param>
/// <param name="maxBodies">The maximum number of bodies.</param>
/// <param name="maxBytes">The maximum number of bytes that have arrived of all of them together.</param>
internal sealed class PendingBodies(
    TimeProvider clock, int maxBodies = PendingBodies.DefaultMaxBodies, long maxBytes = PendingBodies.DefaultMaxBytes)
{
    internal const int DefaultMaxBodies = 1024;

    internal const long DefaultMaxBytes = 16 * 1024 * 1024;

    /// <summary>The age up to which a body is not ended in favor of another one.</summary>
    internal static readonly TimeSpan MinAge = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly HashSet<PendingBody> _bodies = [];
    private long _bytes;

    /// <summary>Adds a body.</summary>
    /// <param name="bytes">The bytes of it that have arrived.</param>
    /// <param name="end">Ends its request because the body is too slow. Called at most once, by another request.</param>
    /// <returns>The body, or <see langword="null"/> if it is refused.</returns>
    internal PendingBody? TryAdd(int bytes, Action end)
    {
        var body = new PendingBody(end, clock.GetTimestamp()) { Bytes = bytes };
        List<PendingBody> ended = [];
        bool isAdded;
        lock (_lock)
        {
            isAdded = (_bodies.Count < maxBodies || TryEndSlowest(ended, minBytes: 0)) && TryReserve(bytes, ended);
            if (isAdded)
                _bodies.Add(body);
        }

        End(ended);
        return isAdded ? body : null;
    }

    /// <summary>Counts more bytes of a body that have arrived.</summary>
    /// <param name="body">The body.</param>
    /// <param name="bytes">The bytes.</param>
    /// <returns><see langword="false"/> if the body was ended, or if the bytes exceed the bound and no other body could be ended.</returns>
    internal bool TryCount(PendingBody body, int bytes)
    {
        List<PendingBody> ended = [];
        var isCounted = false;
        lock (_lock)
        {
            if (_bodies.Contains(body) && TryReserve(bytes, ended))
            {
                // The slowest body may have been this one.
                isCounted = _bodies.Contains(body);
                if (isCounted)
                    body.Bytes += bytes;
                else
                    _bytes -= bytes;
            }
        }

        End(ended);
        return isCounted;
    }

    /// <summary>Removes a body that has arrived, or whose request has ended.</summary>
    /// <param name="body">The body; it may have been removed.</param>
    internal void Remove(PendingBody body)
    {
        lock (_lock)
            RemoveUnderLock(body);
    }

    // Outside the lock: the end of a request removes its body.
    private static void End(List<PendingBody> ended)
    {
        foreach (var body in ended)
            body.End();
    }

    private bool TryReserve(int bytes, List<PendingBody> ended)
    {
        while (_bytes + bytes > maxBytes)
        {
            if (!TryEndSlowest(ended, minBytes: 1))
                return false;
        }

        _bytes += bytes;
        return true;
    }

    private bool TryEndSlowest(List<PendingBody> ended, int minBytes)
    {
        PendingBody? slowest = null;
        var lowestRate = double.MaxValue;
        foreach (var body in _bodies)
        {
            var age = clock.GetElapsedTime(body.Start);
            if (age <= MinAge || body.Bytes < minBytes)
                continue;
            var rate = body.Bytes / age.TotalSeconds;
            if (rate < lowestRate)
                (slowest, lowestRate) = (body, rate);
        }

        if (slowest is null)
            return false;
        RemoveUnderLock(slowest);
        ended.Add(slowest);
        return true;
    }

    private void RemoveUnderLock(PendingBody body)
    {
        if (_bodies.Remove(body))
            _bytes -= body.Bytes;
    }
}
