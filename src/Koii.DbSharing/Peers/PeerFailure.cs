namespace Koii.DbSharing;

/// <summary>Why a peer could not be read, or not to the end. A value in the report, never an exception.</summary>
/// <param name="Kind">What happened.</param>
public sealed record PeerFailure(PeerFailureKind Kind)
{
    /// <summary>The HTTP status that said so, where one did.</summary>
    public int? StatusCode { get; init; }

    /// <summary>How long the peer asked to be left alone, where it did. The next rounds do so, for a day at most.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>A short sentence for people, without anything that the peer wrote.</summary>
    public string? Detail { get; init; }
}
