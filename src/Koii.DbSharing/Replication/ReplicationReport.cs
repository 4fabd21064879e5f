namespace Koii.DbSharing;

/// <summary>What a round did.</summary>
/// <param name="Outcome">How it ended.</param>
public sealed record ReplicationReport(RoundOutcome Outcome)
{
    /// <summary>When it began, by the injected clock.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The node list it worked from, and what was wrong with it.</summary>
    public NodeListing Nodes { get; init; } = new([]) { Status = NodeListingStatus.Unavailable };

    /// <summary>The sum over all peers.</summary>
    public VerdictCounts Verdicts { get; init; } = VerdictCounts.None;

    /// <summary>One report for each peer that was asked, in the order in which they were chosen.</summary>
    public IReadOnlyList<PeerReport> Peers { get; init; } = [];

    /// <summary>The outcome, how many peers were read to the end, what came and what was wrong with the node list, for people.</summary>
    /// <returns>One line.</returns>
    public override string ToString() =>
        $"{Outcome}: {Peers.Count(peer => peer.Failure is null)} of {Peers.Count} peers read, {Verdicts}{string.Concat(Nodes.Problems.Select(problem => $"; {problem}"))}";
}
