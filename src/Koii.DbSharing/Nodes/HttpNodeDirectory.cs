using System.Net;
using Koii.DbSharing.Http;
using Koii.DbSharing.Records;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Nodes;

/// <summary>Asks the service URL for the nodes of the task (protocol §4.1). The last good list serves while it has no answer.</summary>
/// <param name="httpClient">Gives the client of each call. Its handler follows no redirects and decompresses nothing.</param>
/// <param name="options">The service URL, the task and the limits.</param>
/// <param name="timeProvider">The clock of all limits but that of the connection, which is the handler's.</param>
/// <param name="logger">Hears a Warning when the list stops coming, and Information when it comes again.</param>
internal sealed partial class HttpNodeDirectory(Func<HttpClient> httpClient, DbSharingOptions options, TimeProvider timeProvider, ILogger<HttpNodeDirectory> logger) : INodeDirectory
{
    private const string ServiceUrlHint =
        "set it to the absolute http or https URL of the service that knows the nodes, without user information, query and fragment";

    private readonly string? _serviceUrl = options.ServiceUrl;
    private readonly string? _url = NodeAddress.TryParse(options.ServiceUrl, out var service) ? $"{service.Url}/nodes/{Uri.EscapeDataString(options.TaskId)}" : null;
    private readonly TransferLimits _limits = TransferLimits.ForNodeList(options.PeerLimits);
    private readonly ListLimits _listLimits =
        new(long.MaxValue, options.PeerLimits.MaxNodeListElements, options.PeerLimits.MaxElementBytes);

    private IReadOnlyList<NodeAddress>? _lastGood;
    private bool _isFailing;

    /// <inheritdoc/>
    public async ValueTask<NodeListing> GetNodesAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _url is null ? Failed(ServiceUrlProblem) : await AskAsync(_url, cancellationToken).ConfigureAwait(false);
    }

    // A value with an '@' may carry a password, which no log must show.
    private string ServiceUrlProblem => _serviceUrl switch
    {
        null or "" => $"The option ServiceUrl is not set: {ServiceUrlHint}; or name nodes in the option Nodes.",
        _ when _serviceUrl.Contains('@') => $"The option ServiceUrl is no such URL: {ServiceUrlHint}.",
        _ => $"The option ServiceUrl is '{_serviceUrl}': {ServiceUrlHint}.",
    };

    private async ValueTask<NodeListing> AskAsync(string url, CancellationToken cancellationToken)
    {
        using var timer = new TransferTimer(timeProvider, _limits.WholeTimeout, cancellationToken);
        using var transfer = await HttpTransfer.GetAsync(httpClient(), url, entityTag: null, _limits, timer).ConfigureAwait(false);
        if (transfer.Status is { } status and not HttpStatusCode.OK)
            return Failed($"No node list from {url}: the service answered with status {(int)status}.");

        var body = transfer.Fault is null ? await transfer.OpenBodyAsync(_limits).ConfigureAwait(false) : null;
        if (body is null)
            return Failed($"No node list from {url}: {transfer.Fault!.Detail}");

        var reading = await NodeListReader.ReadAsync(body, _listLimits, cancellationToken).ConfigureAwait(false);
        if (reading.End is ListEnd.Complete)
            await body.FinishAsync(cancellationToken).ConfigureAwait(false);
        else if (body.Fault is { } fault)
            return Failed($"No node list from {url}: {fault.Detail}");
        return Judge(reading);
    }

    private NodeListing Judge(NodeListReading reading)
    {
        if (reading.End is ListEnd.NotAList)
            return Failed($"No node list from {_url}: the answer is no JSON array.");
        if (reading.End is ListEnd.Interrupted)
            return Failed($"No node list from {_url}: it ended before its closing bracket.");

        List<string> problems = [];
        if (reading.Skipped > 0)
            problems.Add($"Elements of the node list that name no node by an absolute http or https URL were skipped: {reading.Skipped}.");
        if (reading.End is ListEnd.TooLarge)
            problems.Add($"The node list has more than {_listLimits.MaxElements} elements; the rest was not read.");

        if (_isFailing)
            Log.NodeListIsBack(logger, reading.Nodes.Count);
        _isFailing = false;
        _lastGood = reading.Nodes;
        return new NodeListing(reading.Nodes) { Problems = problems };
    }

    private NodeListing Failed(string problem)
    {
        // Once, not every round: the report of each round repeats it.
        if (!_isFailing)
            Log.NodeListFailed(logger, problem);
        _isFailing = true;
        return _lastGood is null
            ? new NodeListing([]) { Status = NodeListingStatus.Unavailable, Problems = [problem] }
            : new NodeListing(_lastGood) { Status = NodeListingStatus.Stale, Problems = [problem] };
    }
}
