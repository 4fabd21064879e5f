namespace Koii.DbSharing;

/// <summary>The result of one round.</summary>
/// <param name="Outcome">How the round ended.</param>
public sealed record ReplicationReport(RoundOutcome Outcome)
{
    /// <summary>The time at which the round started, by the engine's clock.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>The duration of the round.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The node list and its problems.</summary>
    public NodeListing Nodes { get; init; } = new([]) { Status = NodeListingStatus.Unavailable };

    /// <summary>The verdicts of all peers in total.</summary>
    public VerdictCounts Verdicts { get; init; } = VerdictCounts.None;

    /// <summary>One report for each pull that ended in this round, in the order in which the pulls started.</summary>
    public IReadOnlyList<PeerReport> Peers { get; init; } = [];

    /// <summary>The peers for which the round did not wait.</summary>
    /// <remarks>
    /// Their pulls continue beside the next round, and their reports are in the report of the round in which they end. Always empty for a call of
    /// <see cref="IReplicationEngine.ShareAsync"/>, which waits for all pulls.
    /// </remarks>
    public IReadOnlyList<NodeAddress> LatePeers { get; init; } = [];

    /// <summary>Formats the outcome, the number of peers without a failure, the verdicts and the problems of the node list for display.</summary>
    /// <returns>One line.</returns>
    public override string ToString() =>
        $"{Outcome}: {Peers.Count(peer => peer.Failure is null)} of {Peers.Count} peers read, {Verdicts}{string.Concat(Nodes.Problems.Select(problem => $"; {problem}"))}";
}
