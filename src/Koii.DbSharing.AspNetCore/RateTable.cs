using System.Runtime.InteropServices;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Token buckets of many clients: each holds one minute's worth of its rate and fills evenly.</summary>
/// <remarks>
/// <para>A bucket is stored as the time at which it is full again, and a full bucket needs no entry. The table therefore
/// holds the clients of about the last minute, and at most as many as its capacity: further clients share one
/// bucket.</para>
/// <para>Not safe for concurrent use: <see cref="RequestLimiter"/> calls it under its lock.</para>
/// </remarks>
internal sealed class RateTable(TimeProvider clock, int capacity)
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly long _start = clock.GetTimestamp();
    private readonly Dictionary<ClientAddress, TimeSpan> _fullAt = [];
    private TimeSpan _nextSweep;

    internal int Count => _fullAt.Count;

    private TimeSpan Now => clock.GetElapsedTime(_start);

    /// <summary>Gets the time until the client's bucket holds a token, zero if it holds one now.</summary>
    /// <param name="client">The client.</param>
    /// <param name="perMinute">The client's rate, or <see langword="null"/> for no limit.</param>
    internal TimeSpan GetDelay(ClientAddress client, int? perMinute)
    {
        if (perMinute is not { } rate)
            return TimeSpan.Zero;
        var now = Now;
        var used = Later(_fullAt.GetValueOrDefault(FindBucket(client, now)), now) - now;
        return Later(used + TimePerToken(rate) - TimeSpan.FromMinutes(1), TimeSpan.Zero);
    }

    /// <summary>Takes tokens, also more than the bucket holds: it then takes longer until there is one again.</summary>
    /// <param name="client">The client.</param>
    /// <param name="perMinute">The client's rate, or <see langword="null"/> for no limit.</param>
    /// <param name="tokens">The number of tokens.</param>
    internal void Take(ClientAddress client, int? perMinute, int tokens = 1)
    {
        if (perMinute is not { } rate || tokens == 0)
            return;
        var now = Now;
        ref var fullAt = ref CollectionsMarshal.GetValueRefOrAddDefault(_fullAt, FindBucket(client, now), out _);
        fullAt = Later(fullAt, now) + (tokens * TimePerToken(rate));
    }

    private static TimeSpan TimePerToken(int perMinute) => TimeSpan.FromMinutes(1) / perMinute;

    private static TimeSpan Later(TimeSpan left, TimeSpan right) => left > right ? left : right;

    private ClientAddress FindBucket(ClientAddress client, TimeSpan now)
    {
        // The bucket of all clients is always separate: a debt of the clients in the overflow must not stop the clients
        // in the table.
        if (_fullAt.Count < capacity || _fullAt.ContainsKey(client) || client.Equals(ClientAddress.All))
            return client;

        // At most once per interval: otherwise each request of the many clients that fill the table would scan all of it.
        if (now >= _nextSweep)
        {
            _nextSweep = now + SweepInterval;
            foreach (var (idle, fullAt) in _fullAt)
            {
                if (fullAt <= now)
                    _fullAt.Remove(idle);
            }
        }

        return _fullAt.Count < capacity ? client : ClientAddress.Overflow;
    }
}
