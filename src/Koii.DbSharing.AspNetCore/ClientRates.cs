using System.Runtime.InteropServices;

namespace Koii.DbSharing.AspNetCore;

/// <summary>
/// How much of its rate each client has used: a bucket that holds a minute's worth and fills evenly, kept as the one moment at which it is full again. A client whose
/// bucket is full needs no entry, so the table is as large as the clients of the last minute are many, and never larger than its capacity: beyond that, newcomers share
/// one bucket.
/// </summary>
/// <remarks>Not safe for use by several threads at once: <see cref="RequestGate"/> has the lock.</remarks>
internal sealed class ClientRates(TimeProvider clock, int capacity)
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly long _start = clock.GetTimestamp();
    private readonly Dictionary<ClientAddress, TimeSpan> _fullAgain = [];
    private TimeSpan _nextSweep;

    internal int Count => _fullAgain.Count;

    private TimeSpan Now => clock.GetElapsedTime(_start);

    /// <summary>How long the client has to wait until it may take one.</summary>
    internal TimeSpan GetWait(ClientAddress client, int perMinute)
    {
        var now = Now;
        var used = _fullAgain.GetValueOrDefault(Find(client, now)) - now;
        var wait = (used > TimeSpan.Zero ? used : TimeSpan.Zero) + Portion(perMinute) - TimeSpan.FromMinutes(1);
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    /// <summary>Takes so many, even where fewer are left: they were spent before they could be counted, and it is then longer until there is one again.</summary>
    internal void Take(ClientAddress client, int perMinute, int count = 1)
    {
        var now = Now;
        ref var fullAgain = ref CollectionsMarshal.GetValueRefOrAddDefault(_fullAgain, Find(client, now), out _);
        fullAgain = (fullAgain > now ? fullAgain : now) + (count * Portion(perMinute));
    }

    private static TimeSpan Portion(int perMinute) => TimeSpan.FromMinutes(1) / perMinute;

    private ClientAddress Find(ClientAddress client, TimeSpan now)
    {
        // All together always have room: what newcomers owe must not stop the known.
        if (_fullAgain.Count < capacity || _fullAgain.ContainsKey(client) || client.Equals(ClientAddress.Everybody))
            return client;

        // Now and then only: a crowd that fills the table must not make every request walk through it.
        if (now >= _nextSweep)
        {
            _nextSweep = now + SweepInterval;
            foreach (var (idle, fullAgain) in _fullAgain)
            {
                if (fullAgain <= now)
                    _fullAgain.Remove(idle);
            }
        }

        return _fullAgain.Count < capacity ? client : ClientAddress.Others;
    }
}
