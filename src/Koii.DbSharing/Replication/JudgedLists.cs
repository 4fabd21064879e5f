namespace Koii.DbSharing.Replication;

/// <summary>The marks of the lists that were judged to their end (protocol §4.2, "ETag"), so that an unchanged one need not be sent. Safe for use by many threads.</summary>
internal sealed class JudgedLists(TimeProvider timeProvider)
{
    /// <summary>A longer entity tag is not worth its place. Peers choose them.</summary>
    public const int MaxEntityTagLength = 1_024;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly PeerMap<JudgedList> _lists = new(_ => true);

    /// <summary>The mark of a list whose every element was stored or finally judged, or <see langword="null"/> to have the list sent in any case.</summary>
    public string? EntityTagFor(NodeAddress peer)
    {
        lock (_lock)
        {
            if (_lists.Find(peer) is not { } list || timeProvider.GetElapsedTime(list.ReadAt) >= Lifetime)
                return null;
            // The list holds a record that was too early and is due by now: "not modified" would hide it for ever.
            return list.EarliestDue <= timeProvider.GetUtcNow().ToUnixTimeMilliseconds() ? null : list.EntityTag;
        }
    }

    /// <summary>Learns from a pull that has ended. "Not modified" and failures leave what is known of an earlier list as true as it was.</summary>
    /// <param name="report">What it had.</param>
    /// <param name="entityTag">The mark of the list as it was read now.</param>
    /// <param name="earliestDue">When the first of its records that came too early is due, in milliseconds since the Unix epoch.</param>
    public void Remember(PeerReport report, string? entityTag, long? earliestDue)
    {
        if (report.Failure is not null || report.Path != PeerPath.FullList)
            return;

        // A record that found the store full was not judged: with room for it, it must come again. What the policy refused it may let in the next time.
        var isJudged = report.Verdicts.Full == 0 && !report.Verdicts.RejectedByReason.ContainsKey(RejectionReason.Policy);
        lock (_lock)
        {
            if (entityTag is { Length: <= MaxEntityTagLength } && isJudged)
                _lists.Set(report.Peer, new JudgedList(entityTag, timeProvider.GetTimestamp(), earliestDue));
            else
                _lists.Remove(report.Peer);
        }
    }

    /// <summary>Has every list sent anew.</summary>
    public void Clear()
    {
        lock (_lock)
            _lists.Clear();
    }

    private sealed record JudgedList(string EntityTag, long ReadAt, long? EarliestDue);
}
