namespace Koii.DbSharing;

/// <summary>What a round had from one peer.</summary>
/// <param name="Peer">The peer.</param>
public sealed record PeerReport(NodeAddress Peer)
{
    /// <summary>By which way it was read. Default: <see cref="PeerPath.None"/>.</summary>
    public PeerPath Path { get; init; }

    /// <summary>What became of the records that came; elements that were not well formed count as rejected.</summary>
    public VerdictCounts Verdicts { get; init; } = VerdictCounts.None;

    /// <summary>Bytes on the wire, before decompression.</summary>
    public long BytesReceived { get; init; }

    /// <summary>From the first call to the last verdict.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Why it was not read to the end, or <see langword="null"/>. What came before a failure is stored and counted.</summary>
    public PeerFailure? Failure { get; init; }

    /// <summary>The peer, what came and what went wrong, for people.</summary>
    /// <returns>One line.</returns>
    public override string ToString() =>
        $"{Peer}: {(Path == PeerPath.NotModified ? "not modified" : Path == PeerPath.InSync ? "in sync" : Verdicts)}{(Failure is null ? "" : $"; {Failure.Kind}. {Failure.Detail}")}";
}
