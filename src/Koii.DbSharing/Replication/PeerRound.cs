using System.Net.Sockets;
using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Nodes;
using Koii.DbSharing.Peers;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

/// <summary>
/// One peer in one round: goes down the ladder of protocol §4.3 and reports. The plain list is its only rung so far. Whatever the peer or the client does
/// is a value in the report; what it throws is a failing store, a role that breaks its contract, or our own cancellation.
/// </summary>
internal sealed partial class PeerRound(
    NodeAddress peer, IPeerClient client, RecordIntake intake, PeerMemory memory, AsyncLock places, int maxBadSignatures, TimeProvider timeProvider, ILogger logger)
{
    private readonly VerdictTally _verdicts = new();
    private PeerPath _path;
    private long _bytesReceived;
    private int _failedChecks;
    private string? _entityTag;
    private long? _earliestDue;
    private PeerFailure? _failure;

    /// <summary>Runs once.</summary>
    public async Task<PeerReport> RunAsync(CancellationToken cancellationToken)
    {
        var started = timeProvider.GetTimestamp();
        await ReadPlainListAsync(cancellationToken).ConfigureAwait(false);

        var report = new PeerReport(peer)
        {
            Path = _path,
            Verdicts = _verdicts.ToCounts(),
            BytesReceived = _bytesReceived,
            Duration = timeProvider.GetElapsedTime(started),
            Failure = _failure,
        };
        memory.Lists.Remember(report, _entityTag, _earliestDue);
        memory.Rests.Remember(report);
        if (_failure is not null)
            Log.PeerFailed(logger, peer, _failure.Kind, _failure.StatusCode, _failure.Detail);
        return report;
    }

    private async Task ReadPlainListAsync(CancellationToken cancellationToken)
    {
        var pages = new PageReadAhead(client, peer, memory.Lists.EntityTagFor(peer), places, timeProvider, logger, cancellationToken);
        await using var _ = pages.ConfigureAwait(false);
        while (_failure is null)
        {
            var (page, fault) = await pages.NextAsync().ConfigureAwait(false);
            if (fault is not null)
                _failure = FailureOf(fault);
            else if (page is not null)
                await TakeAsync(page, cancellationToken).ConfigureAwait(false);
            else
                break;
        }

        // A list that was read to its end was read, also when there was nothing in it.
        if (_failure is null && _path == PeerPath.None)
            _path = PeerPath.FullList;
    }

    private async Task TakeAsync(PeerPage page, CancellationToken cancellationToken)
    {
        _bytesReceived += page.BytesReceived;
        _entityTag = page.EntityTag;
        _failure = page.Failure;
        if (page.NotModified)
            _path = PeerPath.NotModified;
        else if (page.Linktrees.Count > 0 || page.Malformed.Count > 0)
            _path = PeerPath.FullList;

        foreach (var (reason, count) in page.Malformed)
            _verdicts.AddRejected(reason, count);
        if (page.Linktrees.Count == 0)
            return;

        var taken = await intake.TakeInTurnAsync(peer, page.Linktrees, cancellationToken).ConfigureAwait(false);
        foreach (var verdict in taken.Verdicts)
            _verdicts.Add(verdict);
        if (taken.EarliestDue is { } due)
            _earliestDue = Math.Min(_earliestDue ?? long.MaxValue, due);

        _failedChecks += taken.FailedChecks;
        if (taken.Fault is { } fault)
            _failure = UnexpectedError(fault.Exception, fault.Role);
        else if (_failedChecks >= maxBadSignatures)
            _failure = new PeerFailure(PeerFailureKind.TooManyBadSignatures) { Detail = $"{_failedChecks} signature checks failed." };
    }

    private PeerFailure FailureOf(Exception fault)
    {
        PeerFailureKind? kind = fault switch
        {
            HttpRequestException => PeerFailureKind.Unreachable,
            IOException or SocketException => _path == PeerPath.None ? PeerFailureKind.Unreachable : PeerFailureKind.Interrupted,
            TimeoutException or OperationCanceledException => PeerFailureKind.TimedOut, // Not by our token: the client gave up by itself.
            _ => null,
        };
        if (kind is null)
            return UnexpectedError(fault, nameof(IPeerClient));

        Log.ClientThrew(logger, peer, fault);
        return new PeerFailure(kind.Value) { Detail = Sentence(fault, nameof(IPeerClient)) };
    }

    private PeerFailure UnexpectedError(Exception fault, string role)
    {
        Log.RoleThrew(logger, role, peer, fault);
        return new PeerFailure(PeerFailureKind.UnexpectedError) { Detail = Sentence(fault, role) };
    }

    // Without the exception's message, which may hold what the peer wrote.
    private static string Sentence(Exception fault, string role) => $"The {role} threw {fault.GetType().Name}.";
}
