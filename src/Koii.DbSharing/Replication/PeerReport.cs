namespace Koii.DbSharing;

/// <summary>The result of one pull.</summary>
/// <param name="Peer">The peer.</param>
public sealed record PeerReport(NodeAddress Peer)
{
    /// <summary>How its records were read. Default: <see cref="PeerPath.None"/>.</summary>
    public PeerPath Path { get; init; }

    /// <summary>The verdicts of the records that arrived. Malformed elements count as rejected.</summary>
    public VerdictCounts Verdicts { get; init; } = VerdictCounts.None;

    /// <summary>The number of bytes received, before decompression.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Where the last response came from, or <see langword="null"/> if no response came or the client uses no network.</summary>
    public PeerSource? Source { get; init; }

    /// <summary>The time from the first request to the last verdict.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>
    /// Whether the pull used up its time after at least half of the received data was stored as new. It then does not count as a failure.
    /// </summary>
    public bool IsPartial { get; init; }

    /// <summary>The failure that ended the pull, or <see langword="null"/>. Batches that were processed before the failure are counted, and their valid records are stored.</summary>
    public PeerFailure? Failure { get; init; }

    /// <summary>Formats the peer, the verdicts and the failure for display.</summary>
    /// <returns>One line.</returns>
    public override string ToString() =>
        $"{Peer}: {Result}{(IsPartial ? "; out of time, continued in the next round" : "")}{(Failure is null ? "" : $"; {Failure}")}";

    private string Result => Path switch
    {
        PeerPath.NotFound => WithVerdicts("no list found"),
        PeerPath.NotModified => WithVerdicts("not modified"),
        PeerPath.InSync => WithVerdicts("in sync"),
        _ => Verdicts.ToString(),
    };

    private string WithVerdicts(string path) => Verdicts.Total > 0 ? $"{path}, {Verdicts}" : path;
}
