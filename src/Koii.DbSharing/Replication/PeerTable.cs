using System.Diagnostics.CodeAnalysis;

namespace Koii.DbSharing.Replication;

/// <summary>Holds everything that is recorded about each peer from one round to the next (protocol §4): backoff, entity tag, extension and last report.</summary>
/// <remarks>
/// It exists in memory only and holds at most <see cref="Capacity"/> peers. When it is full, peers that have failed since their last success are removed first, and of those
/// the ones that were recorded longest ago, so that a node list with ever new addresses removes its own entries. Safe for use by many threads.
/// </remarks>
/// <param name="interval">The time from the start of one round to the start of the next.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="random">Varies the backoff, so that peers that failed together are not retried together.</param>
internal sealed class PeerTable(TimeSpan interval, TimeProvider timeProvider, Random random)
{
    /// <summary>The maximum number of peers.</summary>
    public const int Capacity = 4_096;

    /// <summary>The maximum length of an entity tag that is kept. Peers choose their tags.</summary>
    public const int MaxEntityTagLength = 1_024;

    // With the random variation of a fifth, the longest backoff is half an hour, unless the peer requests more by Retry-After.
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromMinutes(25);
    private static readonly TimeSpan ProvenAfter = TimeSpan.FromDays(1);
    private static readonly TimeSpan ListLifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan ExtensionLifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan NoExtensionLifetime = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<NodeAddress, Entry> _entries = [];
    private long _updates;

    /// <summary>The number of peers.</summary>
    public int Count
    {
        get { lock (_lock) return _entries.Count; }
    }

    /// <summary>Gets the state of a peer. A peer without an entry is <see cref="PeerState.Ready"/>.</summary>
    public PeerState GetState(NodeAddress peer)
    {
        lock (_lock)
            return _entries.TryGetValue(peer, out var entry) ? StateOf(entry) : PeerState.Ready;
    }

    /// <summary>Gets whether the peer has the extension, or <see langword="null"/> if that is not known or too old.</summary>
    public bool? GetExtension(NodeAddress peer)
    {
        lock (_lock)
            return _entries.TryGetValue(peer, out var entry) ? ExtensionOf(entry) : null;
    }

    /// <summary>Gets whether the list of the peer was read, even in part, within the last hour.</summary>
    public bool HasRecentList(NodeAddress peer)
    {
        lock (_lock)
            return _entries.TryGetValue(peer, out var entry) && entry.ListReadAt is { } readAt && Age(readAt) < ListLifetime;
    }

    /// <summary>Gets the entity tag of the peer's last list if every element of it was stored or finally decided, or <see langword="null"/> if the list must be sent.</summary>
    public string? GetEntityTag(NodeAddress peer)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(peer, out var entry) || entry.EntityTag is null || Age(entry.EntityTagAt) >= ListLifetime)
                return null;
            // The list holds a record that was too early and is due now: a 304 would hide it for as long as the list does not change.
            return entry.EarliestDue <= timeProvider.GetUtcNow().ToUnixTimeMilliseconds() ? null : entry.EntityTag;
        }
    }

    /// <summary>Gets a snapshot of all peers, in the order of their addresses.</summary>
    public IReadOnlyList<PeerStatus> GetSnapshot()
    {
        lock (_lock)
        {
            return
            [
                .. _entries.OrderBy(pair => pair.Key.Url, StringComparer.Ordinal).Select(pair => new PeerStatus(pair.Key, StateOf(pair.Value))
                {
                    ConsecutiveFailures = pair.Value.Failures,
                    RetryIn = RetryIn(pair.Value),
                    HasExtension = ExtensionOf(pair.Value),
                    LastReport = pair.Value.LastReport,
                    LastReportAt = pair.Value.LastReportAt,
                }),
            ];
        }
    }

    /// <summary>Records the result of a pull.</summary>
    /// <param name="report">The report of the pull.</param>
    /// <param name="result">The result of the last step.</param>
    /// <param name="earliestDue">The time at which the first record that was too early becomes due, in milliseconds since the Unix epoch.</param>
    public void Record(PeerReport report, StepResult result, long? earliestDue)
    {
        var now = timeProvider.GetTimestamp();
        lock (_lock)
        {
            if (!_entries.TryGetValue(report.Peer, out var entry))
            {
                if (_entries.Count >= Capacity)
                    RemoveQuarter();
                _entries.Add(report.Peer, entry = new Entry { LastReport = report });
            }

            entry.Order = ++_updates;
            entry.LastReport = report;
            entry.LastReportAt = timeProvider.GetUtcNow();
            if (result.HasExtension is { } hasExtension)
                (entry.HasExtension, entry.ExtensionCheckedAt) = (hasExtension, now);
            if (report.Path is PeerPath.FullList or PeerPath.NotModified)
                entry.ListReadAt = now;
            // A 304 or a failure does not invalidate the stored entity tag.
            if (report is { Path: PeerPath.FullList, Failure: null })
                (entry.EntityTag, entry.EntityTagAt, entry.EarliestDue) = (IsFinal(report.Verdicts) && IsShort(result.EntityTag) ? result.EntityTag : null, now, earliestDue);
            RecordFailure(entry, report, now);
        }
    }

    /// <summary>Removes everything that depends on the store. A store that failed may come back with fewer records, so every list must be sent again.</summary>
    public void ForgetStore()
    {
        lock (_lock)
        {
            foreach (var entry in _entries.Values)
            {
                entry.EntityTag = null;
                entry.ListReadAt = null;
                entry.HasExtension = null;
            }
        }
    }

    /// <summary>Removes all peers.</summary>
    public void Clear()
    {
        lock (_lock)
            _entries.Clear();
    }

    /// <summary>Returns whether each record was finally decided. With space in the store a full record must come again, and a policy may change its answer.</summary>
    private static bool IsFinal(VerdictCounts verdicts) => verdicts.Full == 0 && !verdicts.RejectedByReason.ContainsKey(RejectionReason.Policy);

    private static bool IsShort([NotNullWhen(true)] string? entityTag) => entityTag is { Length: <= MaxEntityTagLength };

    private void RecordFailure(Entry entry, PeerReport report, long now)
    {
        switch (report.Failure?.Kind)
        {
            case null:
                (entry.GoodSince, entry.Failures) = (entry.GoodSince ?? now, 0);
                break;
            case PeerFailureKind.TooManyBadSignatures: // Other clients submitted those records to the peer, and the peer did answer.
                entry.Failures = 0;
                break;
            case PeerFailureKind.UnexpectedError or PeerFailureKind.TooManyPeersAtAddress: // The cause is on this node.
                break;
            default:
                // A peer that brought new records is slow or was cut off. A growing backoff would delay the remaining ones.
                entry.Failures = report.Verdicts.Inserted + report.Verdicts.Replaced > 0 ? 1 : entry.Failures + 1;
                (entry.GoodSince, entry.FailedAt) = (null, now);
                entry.Backoff = GetBackoff(entry.Failures, report.Failure.RetryAfter);
                break;
        }
    }

    private TimeSpan GetBackoff(int failures, TimeSpan? retryAfter)
    {
        // Half an interval more than the rounds to be skipped, so that the round after them finds the retry due.
        var rounds = Math.ScaleB(1, Math.Min(failures - 1, 30)) + 0.5;
        var backoff = TimeSpan.FromTicks((long)Math.Min(interval.Ticks * rounds, MaxBackoff.Ticks)) * (0.8 + 0.4 * random.NextDouble());
        return retryAfter > backoff ? retryAfter.Value : backoff;
    }

    private PeerState StateOf(Entry entry) => entry switch
    {
        { Failures: > 0 } => Age(entry.FailedAt) < entry.Backoff ? PeerState.BackingOff : PeerState.RetryDue,
        { GoodSince: { } since } when Age(since) >= ProvenAfter => PeerState.Proven,
        _ => PeerState.Ready,
    };

    private TimeSpan? RetryIn(Entry entry) =>
        entry.Failures > 0 && entry.Backoff - Age(entry.FailedAt) is { Ticks: > 0 } remaining ? remaining : null;

    private bool? ExtensionOf(Entry entry) =>
        entry.HasExtension is { } has && Age(entry.ExtensionCheckedAt) < (has ? ExtensionLifetime : NoExtensionLifetime) ? has : null;

    private TimeSpan Age(long timestamp) => timeProvider.GetElapsedTime(timestamp);

    /// <summary>Makes room. A quarter at a time, so that a list of ever new addresses does not cost a search for each of them.</summary>
    private void RemoveQuarter()
    {
        var removed = _entries.OrderBy(pair => pair.Value.GoodSince is not null).ThenBy(pair => pair.Value.Order).Take(Capacity / 4).Select(pair => pair.Key).ToArray();
        foreach (var peer in removed)
            _entries.Remove(peer);
    }

    /// <summary>The record of one peer. Timestamps are those of the clock's <see cref="TimeProvider.GetTimestamp"/>.</summary>
    private sealed class Entry
    {
        public required PeerReport LastReport { get; set; }

        public DateTimeOffset LastReportAt { get; set; }

        /// <summary>The position in the order of recording.</summary>
        public long Order { get; set; }

        public long? GoodSince { get; set; }

        public int Failures { get; set; }

        public long FailedAt { get; set; }

        public TimeSpan Backoff { get; set; }

        public bool? HasExtension { get; set; }

        public long ExtensionCheckedAt { get; set; }

        public long? ListReadAt { get; set; }

        public string? EntityTag { get; set; }

        public long EntityTagAt { get; set; }

        public long? EarliestDue { get; set; }
    }
}
