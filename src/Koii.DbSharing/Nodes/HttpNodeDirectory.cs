using System.Net;
using Koii.DbSharing.Http;
using Koii.DbSharing.Records;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Nodes;

/// <summary>
/// Gets the nodes of the task from the service at <see cref="DbSharingOptions.ServiceUrl"/> (protocol §4.1). While the
/// service fails or has requested a pause, the last good list is returned.
/// </summary>
/// <param name="httpClient">The client. Its handler follows no redirects and decompresses nothing.</param>
/// <param name="options">The service URL, the task and the limits.</param>
/// <param name="timeProvider">The clock of all limits but that of the connection, which is the connector's.</param>
/// <param name="logger">
/// Receives a Warning when the service begins to fail, and Information when it has recovered.
/// </param>
internal sealed partial class HttpNodeDirectory(
    HttpClient httpClient, DbSharingOptions options, TimeProvider timeProvider, ILogger<HttpNodeDirectory> logger) : INodeDirectory
{
    private const string ServiceUrlHint =
        "set it to the absolute http or https URL of the service that lists the nodes, without user information, query and fragment";

    private readonly string? _serviceUrl = options.ServiceUrl;
    private readonly string? _url = NodeAddress.TryParse(options.ServiceUrl, out var service)
        ? $"{service.Url}/nodes/{Uri.EscapeDataString(options.TaskId)}"
        : null;

    private readonly TransferLimits _limits = TransferLimits.ForNodeList(options.PeerLimits);
    private readonly ListLimits _listLimits =
        new(long.MaxValue, options.PeerLimits.MaxNodeListElements, options.PeerLimits.MaxElementBytes);

    private IReadOnlyList<NodeAddress>? _lastGood;
    private bool _isFailing;
    private Pause? _pause;

    /// <inheritdoc/>
    public async ValueTask<NodeListing> GetNodesAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_url is null)
            return Fail(ServiceUrlProblem);
        if (_pause is { } pause && timeProvider.GetElapsedTime(pause.Start) < pause.Length)
            return Fail(pause.Problem);
        return await GetNodesAsync(_url, cancellationToken).ConfigureAwait(false);
    }

    // The value is not shown: it may contain a password, which no log may show.
    private string ServiceUrlProblem => string.IsNullOrEmpty(_serviceUrl)
        ? $"The option ServiceUrl is not set: {ServiceUrlHint}; or list nodes in the option Nodes."
        : $"The option ServiceUrl is not valid: {ServiceUrlHint}.";

    private async ValueTask<NodeListing> GetNodesAsync(string url, CancellationToken cancellationToken)
    {
        using var timer = new TransferTimer(timeProvider, _limits, cancellationToken);
        using var transfer = await HttpTransfer.GetAsync(httpClient, url, entityTag: null, timer).ConfigureAwait(false);
        _pause = null;
        if (transfer.Status is { } status and not HttpStatusCode.OK)
        {
            var problem = $"No node list from {url}: the service responded with status {(int)status}{DetailOfRedirect(transfer.RedirectsTo)}.";
            if (transfer.RetryAfter is { } length)
            {
                problem += $" It asked for a pause and is not called again before {timeProvider.GetUtcNow() + length:u}.";
                _pause = new Pause(timeProvider.GetTimestamp(), length, problem);
            }

            return Fail(problem);
        }

        if (await transfer.OpenBodyAsync().ConfigureAwait(false) is not { } body)
            return Fail($"No node list from {url}: {transfer.Fault!.Detail}");

        var reading = await NodeListReader.ReadAsync(body, _listLimits, cancellationToken).ConfigureAwait(false);
        if (reading.End is ListEnd.Complete)
            await body.FinishAsync(cancellationToken).ConfigureAwait(false);
        else if (body.Fault is { } fault)
            return Fail($"No node list from {url}: {fault.Detail}");
        if (reading.End is ListEnd.NotAList)
            return Fail($"No node list from {url}: the body is not a JSON array.");
        if (reading.End is ListEnd.Interrupted)
            return Fail($"No node list from {url}: it ended before its closing bracket.");
        return Succeed(reading);
    }

    private static string DetailOfRedirect(string? target) =>
        target is null ? "" : $", a redirect to {target}, which is not followed: set the option ServiceUrl to the URL that it redirects to";

    private NodeListing Succeed(NodeListReading reading)
    {
        List<string> problems = [];
        if (reading.Skipped > 0)
            problems.Add($"Elements of the node list without an absolute http or https URL of a node were skipped: {reading.Skipped}.");
        if (reading.End is ListEnd.TooLarge)
            problems.Add($"The node list has more than {_listLimits.MaxElements} elements; the rest was not read.");

        if (_isFailing)
            Log.NodeListIsBack(logger, reading.Nodes.Count);
        _isFailing = false;
        _lastGood = reading.Nodes;
        return new NodeListing(reading.Nodes) { Problems = problems };
    }

    private NodeListing Fail(string problem)
    {
        // Once, not every round: the report of each round repeats it.
        if (!_isFailing)
            Log.NodeListFailed(logger, problem);
        _isFailing = true;
        return _lastGood is null
            ? new NodeListing([]) { Status = NodeListingStatus.Unavailable, Problems = [problem] }
            : new NodeListing(_lastGood) { Status = NodeListingStatus.Stale, Problems = [problem] };
    }

    /// <summary>A pause that the service requested with <c>Retry-After</c>.</summary>
    private sealed record Pause(long Start, TimeSpan Length, string Problem);
}
