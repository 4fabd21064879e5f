namespace Koii.DbSharing;

/// <summary>Why a peer was not read to the end. A value in the report, not an exception.</summary>
/// <param name="Kind">The kind of failure.</param>
public sealed record PeerFailure(PeerFailureKind Kind)
{
    /// <summary>The HTTP status of the response, if the status is the failure.</summary>
    public int? StatusCode { get; init; }

    /// <summary>
    /// How long the peer asked not to be called, from zero to an hour, if it did: <c>Retry-After</c> of a response with status 429 or 503
    /// to any request. The next rounds respect it. Anybody on the path to the peer can send such a response, hence the bound.
    /// </summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>
    /// A short sentence for people. Of the peer's text it contains at most scheme, host and port of the URL that it redirects to.
    /// </summary>
    public string? Detail { get; init; }

    /// <summary>Formats what is known of the failure for display: kind, status and detail.</summary>
    /// <returns>One line.</returns>
    public override string ToString() =>
        $"{Kind}{(StatusCode is { } status ? $", status {status}" : "")}{(RetryAfter is { } time ? $", asks to wait {time}" : "")}.{(Detail is null ? "" : $" {Detail}")}";
}
