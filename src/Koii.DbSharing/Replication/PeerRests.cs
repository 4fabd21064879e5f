namespace Koii.DbSharing.Replication;

/// <summary>
/// Leaves peers that fail alone for 1, 2, 4, … rounds up to half an hour (protocol §4). After its rest a peer is asked once: one success clears everything, another
/// failure doubles the rest. What strangers posted to a peer and what goes wrong on our side is not held against it. Safe for use by many threads.
/// </summary>
/// <param name="timeProvider">The clock.</param>
/// <param name="interval">The time from round to round.</param>
/// <param name="chance">Draws from 0 to 1, so that nodes that failed together are not asked together.</param>
internal sealed class PeerRests(TimeProvider timeProvider, TimeSpan interval, Func<double> chance)
{
    /// <summary>A rest is at most this and a fifth: half an hour.</summary>
    private static readonly TimeSpan MaxRest = TimeSpan.FromMinutes(25);

    private static readonly TimeSpan GoodAfter = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly PeerMap<History> _histories = new(history => history.GoodSince is not null);

    /// <summary>How many peers are remembered.</summary>
    public int Count
    {
        get { lock (_lock) return _histories.Count; }
    }

    /// <summary>How a peer stands now.</summary>
    public PeerStanding StandingOf(NodeAddress peer)
    {
        lock (_lock)
        {
            return _histories.Find(peer) switch
            {
                null => PeerStanding.Plain,
                { Failures: > 0 } failed => timeProvider.GetElapsedTime(failed.FailedAt) < failed.Rest ? PeerStanding.Resting : PeerStanding.Rested,
                { GoodSince: { } since } when timeProvider.GetElapsedTime(since) >= GoodAfter => PeerStanding.LongGood,
                _ => PeerStanding.Plain,
            };
        }
    }

    /// <summary>Learns from a pull that has ended.</summary>
    public void Remember(PeerReport report)
    {
        lock (_lock)
        {
            var history = _histories.Find(report.Peer) ?? new History(null, 0, 0, TimeSpan.Zero);
            switch (report.Failure?.Kind)
            {
                case null:
                    _histories.Set(report.Peer, new History(history.GoodSince ?? timeProvider.GetTimestamp(), 0, 0, TimeSpan.Zero));
                    break;
                case PeerFailureKind.TooManyBadSignatures: // Strangers posted them there. It did answer.
                    _histories.Set(report.Peer, history with { Failures = 0 });
                    break;
                case PeerFailureKind.UnexpectedError or PeerFailureKind.TooManyPeersAtAddress: // It had no chance.
                    break;
                default:
                    // Who brought something new is slow or cut off rather than dead, and must not wait ever longer for the rest of it to be fetched.
                    var failures = report.Verdicts.Inserted + report.Verdicts.Replaced > 0 ? 1 : history.Failures + 1;
                    _histories.Set(report.Peer, new History(null, failures, timeProvider.GetTimestamp(), RestAfter(failures, report.Failure.RetryAfter)));
                    break;
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_lock)
            _histories.Clear();
    }

    private TimeSpan RestAfter(int failures, TimeSpan? retryAfter)
    {
        // Half a round more than the rounds to be left out, so that the one after them finds the rest over.
        var rounds = Math.ScaleB(1, Math.Min(failures - 1, 30)) + 0.5;
        var rest = TimeSpan.FromTicks((long)Math.Min(interval.Ticks * rounds, MaxRest.Ticks)) * (0.8 + 0.4 * chance());
        return retryAfter > rest ? retryAfter.Value : rest;
    }

    private sealed record History(long? GoodSince, int Failures, long FailedAt, TimeSpan Rest);
}
