namespace Koii.DbSharing;

/// <summary>The result of one round for one peer.</summary>
/// <param name="Peer">The peer.</param>
public sealed record PeerReport(NodeAddress Peer)
{
    /// <summary>How its records were read. Default: <see cref="PeerPath.None"/>.</summary>
    public PeerPath Path { get; init; }

    /// <summary>The verdicts of the records that arrived. Malformed elements count as rejected.</summary>
    public VerdictCounts Verdicts { get; init; } = VerdictCounts.None;

    /// <summary>The number of bytes received, before decompression.</summary>
    public long BytesReceived { get; init; }

    /// <summary>The time from the first request to the last verdict.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The failure that ended the pull, or <see langword="null"/>. Records that arrived before it are stored and counted.</summary>
    public PeerFailure? Failure { get; init; }

    /// <summary>Formats the peer, the verdicts and the failure for display.</summary>
    /// <returns>One line.</returns>
    public override string ToString() =>
        $"{Peer}: {(Path == PeerPath.NotModified ? "not modified" : Path == PeerPath.InSync ? "in sync" : Verdicts)}{(Failure is null ? "" : $"; {Failure.Kind}. {Failure.Detail}")}";
}
