using Koii.DbSharing.Nodes;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Replication;

/// <summary>
/// What is known of peers from one round to the next (protocol §4): which list of theirs was judged to its end, and since when they have been good. It lives
/// in the process only and is bounded: beyond <see cref="Capacity"/>, peers that failed last and those not asked for long are forgotten first.
/// </summary>
internal sealed class PeerMemory(TimeProvider timeProvider)
{
    public const int Capacity = 4_096;

    /// <summary>A longer entity tag is not worth its place. Peers choose them.</summary>
    public const int MaxEntityTagLength = 1_024;

    private static readonly TimeSpan EntityTagLifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan GoodAfter = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<NodeAddress, Entry> _entries = [];

    /// <summary>What was refused, and need not be verified or fetched again.</summary>
    public RefusalMemory Refusals { get; } = new(timeProvider);

    /// <summary>How many peers are remembered.</summary>
    public int Count
    {
        get { lock (_lock) return _entries.Count; }
    }

    /// <summary>The mark of a list whose every element was stored or finally judged, or <see langword="null"/> to have the list sent in any case.</summary>
    public string? EntityTagFor(NodeAddress peer)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(peer, out var entry) || entry.List is not { } list)
                return null;
            if (timeProvider.GetElapsedTime(list.ReadAt) >= EntityTagLifetime)
                return null;
            // The list holds a record that was too early and is due by now: "not modified" would hide it for ever.
            return list.EarliestDue <= timeProvider.GetUtcNow().ToUnixTimeMilliseconds() ? null : list.EntityTag;
        }
    }

    /// <summary>Whether the peer has not failed once for at least a day.</summary>
    public bool IsLongGood(NodeAddress peer)
    {
        lock (_lock)
            return _entries.TryGetValue(peer, out var entry) && entry.GoodSince is { } since && timeProvider.GetElapsedTime(since) >= GoodAfter;
    }

    /// <summary>
    /// Forgets what was true of the store as it was, and has every list sent anew. For a store that failed: it may come back with less than it had (protocol §4.2: a tag
    /// goes with any change of store).
    /// </summary>
    public void ForgetStore()
    {
        Refusals.Clear();
        lock (_lock)
        {
            foreach (var entry in _entries.Values)
                entry.List = null;
        }
    }

    /// <summary>Forgets everything. For a process that takes over from another: what it knew may have been long ago.</summary>
    public void Clear()
    {
        Refusals.Clear();
        lock (_lock)
            _entries.Clear();
    }

    /// <summary>Learns from a pull that has ended.</summary>
    /// <param name="report">What it had.</param>
    /// <param name="entityTag">The mark of the list as it was read now.</param>
    /// <param name="earliestDue">When the first of its records that came too early is due, in milliseconds since the Unix epoch.</param>
    public void Remember(PeerReport report, string? entityTag, long? earliestDue)
    {
        lock (_lock)
        {
            var now = timeProvider.GetTimestamp();
            var entry = EntryUnderLock(report.Peer);
            entry.AskedAt = now;
            if (report.Failure is null)
                entry.GoodSince ??= now;
            else if (report.Failure.Kind != PeerFailureKind.TooManyBadSignatures)
                entry.GoodSince = null; // Bad signatures are what strangers posted there, and say nothing about the peer.

            // Not modified and failures leave what is known of an earlier list as true as it was.
            if (report.Failure is null && report.Path == PeerPath.FullList)
            {
                // A record that found the store full was not judged: with room for it, it must come again. What the policy refused it may let in the next time.
                var isJudged = report.Verdicts.Full == 0 && !report.Verdicts.RejectedByReason.ContainsKey(RejectionReason.Policy);
                entry.List = entityTag is { Length: <= MaxEntityTagLength } && isJudged
                    ? new JudgedList(entityTag, now, earliestDue)
                    : null;
            }
        }
    }

    private Entry EntryUnderLock(NodeAddress peer)
    {
        if (_entries.TryGetValue(peer, out var entry))
            return entry;
        if (_entries.Count >= Capacity)
            ForgetSomeUnderLock();
        return _entries[peer] = new Entry();
    }

    private void ForgetSomeUnderLock()
    {
        // A quarter at once, so that a list of ever new addresses does not cost a search for each of them.
        var forgotten = _entries.OrderBy(pair => pair.Value.GoodSince is not null).ThenBy(pair => pair.Value.AskedAt).Take(Capacity / 4).ToArray();
        foreach (var (peer, _) in forgotten)
            _entries.Remove(peer);
    }

    private sealed class Entry
    {
        public long AskedAt { get; set; }

        public long? GoodSince { get; set; }

        public JudgedList? List { get; set; }
    }

    private sealed record JudgedList(string EntityTag, long ReadAt, long? EarliestDue);
}
