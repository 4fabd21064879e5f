using System.Diagnostics.CodeAnalysis;
using System.Net;

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
    private static readonly TimeSpan ProbedFor = TimeSpan.FromDays(1);
    private static readonly TimeSpan MaxPauseWithoutFailure = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ListLifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan ExtensionLifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan NoExtensionLifetime = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<NodeAddress, PeerEntry> _entries = [];
    private long _updates;
    private long _answers;

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

    /// <summary>
    /// Finds one peer in backoff to ask nevertheless, so that a peer that was away is soon heard again: of those that answered within the last day and did not request a pause, the
    /// one whose last attempt was longest ago. Others are not probed: an entry of the node list must not make all nodes connect to a stranger in each round.
    /// </summary>
    public NodeAddress? FindProbe(IEnumerable<NodeAddress> peers)
    {
        lock (_lock)
        {
            return peers.Select(peer => (Peer: peer, Entry: _entries.GetValueOrDefault(peer)))
                .Where(candidate => candidate.Entry is { } entry && StateOf(entry) == PeerState.BackingOff && !IsPaused(entry) && HasAnsweredWithin(entry, ProbedFor))
                .OrderBy(candidate => candidate.Entry!.Order).Select(candidate => candidate.Peer).FirstOrDefault();
        }
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

    /// <summary>
    /// Gets the time at which the whole set of the peer was last compared, in milliseconds since the Unix epoch, if the store had no space for records of it. For an hour only what is
    /// newer is then compared, so that a full store does not compare what it cannot store in every round. Otherwise <see langword="null"/>.
    /// </summary>
    public long? GetFullSince(NodeAddress peer)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(peer, out var entry) && entry.FullAt is { } fullAt && Age(fullAt) < ListLifetime
                ? (timeProvider.GetUtcNow() - Age(fullAt)).ToUnixTimeMilliseconds()
                : null;
        }
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
                _entries.Add(report.Peer, entry = new PeerEntry { LastReport = report });
            }

            entry.Order = ++_updates;
            entry.LastReport = report;
            entry.LastReportAt = timeProvider.GetUtcNow();
            if (result.HasExtension is { } hasExtension)
                (entry.HasExtension, entry.ExtensionCheckedAt) = (hasExtension, now);
            if (report.Path is PeerPath.FullList or PeerPath.NotModified)
                entry.ListReadAt = now;
            if (report is { Failure: null, IsPartial: false } && result.IsWhole)
                entry.FullAt = report.Verdicts.Full > 0 ? now - (long)(report.Duration.TotalSeconds * timeProvider.TimestampFrequency) : null;
            // A 304 or a failure does not invalidate the stored entity tag.
            if (report is { Path: PeerPath.FullList, Failure: null })
                RecordEntityTag(entry, report.Verdicts, result, earliestDue, now);
            RecordFailure(entry, report, result.IsOverdue, now);
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
                entry.FullAt = null;
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

    /// <summary>
    /// Keeps the tag of a list whose elements are all decided. An element whose signature was not found valid may have been damaged on the way, and a 304 would hide its record: the tag
    /// is then kept only after a second reading of the same list with the same elements.
    /// </summary>
    private static void RecordEntityTag(PeerEntry entry, VerdictCounts verdicts, StepResult result, long? earliestDue, long now)
    {
        var reading = (result.EntityTag, result.UnverifiedDigest);
        var isKept = IsFinal(verdicts) && IsShort(result.EntityTag) && (result.UnverifiedDigest == 0 || entry.LastReading == reading);
        (entry.EntityTag, entry.EntityTagAt, entry.EarliestDue) = (isKept ? result.EntityTag : null, now, earliestDue);
        entry.LastReading = IsShort(result.EntityTag) ? reading : default;
    }

    private static bool IsShort([NotNullWhen(true)] string? entityTag) => entityTag is { Length: <= MaxEntityTagLength };

    private void RecordFailure(PeerEntry entry, PeerReport report, bool isOverdue, long now)
    {
        (entry.PausedAt, entry.Pause) = (now, report.Failure?.RetryAfter ?? TimeSpan.Zero);
        switch (report.Failure)
        {
            case null:
                (entry.GoodSince, entry.Failures) = (entry.GoodSince ?? now, 0);
                if (report.Path != PeerPath.NotFound)
                    (entry.AnsweredAt, _answers) = (now, _answers + 1);
                break;
            case { Kind: PeerFailureKind.TooManyBadSignatures }: // Other clients submitted those records to the peer, and the peer did answer.
                entry.Failures = 0;
                break;
            case { Kind: PeerFailureKind.UnexpectedError or PeerFailureKind.TooManyPeersAtAddress }: // The cause is on this node.
            case { StatusCode: (int)HttpStatusCode.TooManyRequests } when entry.Pause > TimeSpan.Zero && entry.Pause <= MaxPauseWithoutFailure:
                break;
            default:
                // A peer that brought new records is slow or was cut off. A growing backoff would delay the remaining ones. And one that was late was ended for the sake of others.
                entry.Failures = isOverdue || report.Verdicts.Inserted + report.Verdicts.Replaced > 0 ? 1 : entry.Failures + (CountsAgain(entry) ? 1 : 0);
                (entry.GoodSince, entry.FailedAt, entry.AnswersAtFailure) = (null, now, _answers);
                entry.Backoff = GetBackoff(entry.Failures);
                break;
        }
    }

    /// <summary>
    /// Returns whether one more failure counts. As long as no peer answers, the network of this node is the likely cause: peers that answered before are then asked again after one
    /// round, and not only after a backoff that grew meanwhile. The others count, because a list of dead addresses must not be connected to for ever.
    /// </summary>
    private bool CountsAgain(PeerEntry entry) => entry.Failures == 0 || _answers > entry.AnswersAtFailure || !HasAnsweredWithin(entry, ProbedFor);

    private bool HasAnsweredWithin(PeerEntry entry, TimeSpan time) => entry.AnsweredAt is { } answeredAt && Age(answeredAt) < time;

    private TimeSpan GetBackoff(int failures)
    {
        // Half an interval more than the rounds to be skipped, so that the round after them finds the retry due.
        var rounds = Math.ScaleB(1, Math.Min(failures - 1, 30)) + 0.5;
        return TimeSpan.FromTicks((long)Math.Min(interval.Ticks * rounds, MaxBackoff.Ticks)) * (0.8 + 0.4 * random.NextDouble());
    }

    private PeerState StateOf(PeerEntry entry) => entry switch
    {
        { Failures: > 0 } => RetryIn(entry) is null ? PeerState.RetryDue : PeerState.BackingOff,
        _ when IsPaused(entry) => PeerState.BackingOff,
        { GoodSince: { } since } when Age(since) >= ProvenAfter => PeerState.Proven,
        _ => PeerState.Ready,
    };

    private bool IsPaused(PeerEntry entry) => Age(entry.PausedAt) < entry.Pause;

    private TimeSpan? RetryIn(PeerEntry entry)
    {
        var pause = entry.Pause - Age(entry.PausedAt);
        var backoff = entry.Failures > 0 ? entry.Backoff - Age(entry.FailedAt) : TimeSpan.Zero;
        var remaining = pause > backoff ? pause : backoff;
        return remaining > TimeSpan.Zero ? remaining : null;
    }

    private bool? ExtensionOf(PeerEntry entry) =>
        entry.HasExtension is { } has && Age(entry.ExtensionCheckedAt) < (has ? ExtensionLifetime : NoExtensionLifetime) ? has : null;

    private TimeSpan Age(long timestamp) => timeProvider.GetElapsedTime(timestamp);

    /// <summary>Makes room. A quarter at a time, so that a list of ever new addresses does not cost a search for each of them.</summary>
    private void RemoveQuarter()
    {
        var removed = _entries.OrderBy(pair => pair.Value.GoodSince is not null).ThenBy(pair => pair.Value.Order).Take(Capacity / 4).Select(pair => pair.Key).ToArray();
        foreach (var peer in removed)
            _entries.Remove(peer);
    }
}
