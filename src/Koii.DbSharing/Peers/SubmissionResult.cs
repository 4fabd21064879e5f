namespace Koii.DbSharing;

/// <summary>The result of a submission to a node (protocol §3.4).</summary>
/// <param name="Status">What the node answered.</param>
public sealed record SubmissionResult(SubmissionStatus Status)
{
    /// <summary>The HTTP status, or <see langword="null"/> without a response.</summary>
    public int? StatusCode { get; init; }

    /// <summary>
    /// The sentence of the node, at most 1,000 characters, or what kept the request from being answered;
    /// <see langword="null"/> if there is none.
    /// </summary>
    /// <remarks>The text comes from the node: encode it before it is shown on a page.</remarks>
    public string? Detail { get; init; }

    /// <summary>How long the node asks to wait before the next request, at most a day, if it does.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
