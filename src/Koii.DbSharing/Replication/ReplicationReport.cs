using Koii.DbSharing.Nodes;

namespace Koii.DbSharing.Replication;

/// <summary>What a round did.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="StartedAt">When it began, by the injected clock.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Nodes">The node list it worked from, and what was wrong with it.</param>
/// <param name="Verdicts">The sum over all peers.</param>
/// <param name="Peers">One report for each peer that was asked, in the order in which they were chosen.</param>
public sealed record ReplicationReport(
    RoundOutcome Outcome,
    DateTimeOffset StartedAt,
    TimeSpan Duration,
    NodeListing Nodes,
    VerdictCounts Verdicts,
    IReadOnlyList<PeerReport> Peers);
