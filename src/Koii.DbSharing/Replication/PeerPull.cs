using System.Net.Sockets;
using Koii.DbSharing.Concurrency;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

/// <summary>
/// One pull from one peer: its deadline, the questions and pages of all its steps, and the totals. Whatever the peer or the client does is a value; exceptions are
/// the caller's cancellation, a store that fails and a store that breaks its contract.
/// </summary>
internal sealed partial class PeerPull : IDisposable
{
    private static readonly PeerFailure OutOfTime = new(PeerFailureKind.TimedOut) { Detail = "The pull as a whole took too long." };

    private readonly RecordProcessor _processor;
    private readonly AsyncSemaphore _permits;
    private readonly int _maxBadSignatures;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly CancellationToken _cancellationToken;

    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _ending;
    private readonly long _started;

    private readonly VerdictTally _verdicts = new();
    private long _bytesReceived;
    private int _failedChecks;
    private bool _hasReceived;

    /// <summary>Starts a pull.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="processor">Processes the batches.</param>
    /// <param name="permits">Bounds the peers that hold a batch and read the next one.</param>
    /// <param name="limits">The time of the pull as a whole and the number of failed signature checks that ends it.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="cancellationToken">Ends the pull with <see cref="OperationCanceledException"/>.</param>
    public PeerPull(
        NodeAddress peer, RecordProcessor processor, AsyncSemaphore permits, PeerLimits limits, TimeProvider timeProvider, ILogger logger, CancellationToken cancellationToken)
    {
        Peer = peer;
        _processor = processor;
        _permits = permits;
        _maxBadSignatures = limits.MaxBadSignatures;
        _timeProvider = timeProvider;
        _logger = logger;
        _cancellationToken = cancellationToken;
        _deadline = new CancellationTokenSource(limits.PeerTimeout, timeProvider);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _deadline.Token);
        _started = timeProvider.GetTimestamp();
    }

    /// <summary>The peer.</summary>
    public NodeAddress Peer { get; }

    /// <summary>Whether the pull used up its time, so that no further step can be taken.</summary>
    public bool IsOutOfTime => _deadline.IsCancellationRequested;

    /// <summary>The time at which the first of the records that were too early becomes due, in milliseconds since the Unix epoch.</summary>
    public long? EarliestDue { get; private set; }

    /// <summary>Asks the peer one question.</summary>
    /// <returns>The answer. An exception of the client and the end of the pull's time are failures.</returns>
    public async ValueTask<PeerAnswer<T>> AskAsync<T>(Func<CancellationToken, ValueTask<PeerAnswer<T>>> ask)
        where T : notnull
    {
        try
        {
            _ending.Token.ThrowIfCancellationRequested();
            var answer = await ask(_ending.Token).ConfigureAwait(false);
            _bytesReceived += answer.BytesReceived;
            _hasReceived |= answer.Failure is null;
            if (answer is { Value: null, Failure: null })
                throw new InvalidOperationException("IPeerReconciler returned neither a value nor a failure.");
            return answer;
        }
        catch (Exception exception)
        {
            return new PeerAnswer<T>(default, ToFailure(exception, nameof(IPeerReconciler)), 0);
        }
    }

    /// <summary>
    /// Reads pages with one page read ahead while the consumer processes the one before it. The consumer holds a permit from a page until it asks for the next one.
    /// </summary>
    /// <param name="service">The interface of the client, for failures and the log.</param>
    /// <param name="open">Opens the pages.</param>
    /// <returns>The pages. An exception of the client and the end of the pull's time are the failure of a last page without records.</returns>
    public async IAsyncEnumerable<PeerPage> ReadAsync(string service, Func<CancellationToken, IAsyncEnumerable<PeerPage>> open)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        IAsyncEnumerator<PeerPage>? pages = null;
        var reading = OpenAsync();
        try
        {
            while (true)
            {
                if (await GetExceptionAsync(reading).ConfigureAwait(false) is { } exception)
                {
                    reading = Task.FromResult(false);
                    yield return new PeerPage([]) { Failure = ToFailure(exception, service) };
                    yield break;
                }

                if (!reading.Result)
                    yield break;

                var page = pages!.Current;
                _bytesReceived += page.BytesReceived;
                _hasReceived = true;
                using var permit = await _permits.AcquireAsync(_cancellationToken).ConfigureAwait(false);
                reading = MoveNextAsync();
                yield return page;
            }
        }
        finally
        {
            await CloseAsync().ConfigureAwait(false);
        }

        async Task<bool> OpenAsync()
        {
            ending.Token.ThrowIfCancellationRequested();
            pages = open(ending.Token).GetAsyncEnumerator(ending.Token);
            return await pages.MoveNextAsync().ConfigureAwait(false);
        }

        async Task<bool> MoveNextAsync()
        {
            ending.Token.ThrowIfCancellationRequested();
            return await pages!.MoveNextAsync().ConfigureAwait(false);
        }

        async ValueTask CloseAsync()
        {
            try
            {
                // An enumerator must not be disposed while it moves. CancelAsync continues on a thread of the pool, which makes tests on a fake clock
                // nondeterministic.
                if (!reading.IsCompleted)
                    ending.Cancel();
                if (await GetExceptionAsync(reading).ConfigureAwait(false) is { } unread and not OperationCanceledException)
                    Log.ClosingFailed(_logger, Peer, unread);
                if (pages is not null)
                    await pages.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // The pages that were read are processed; a request that cannot be closed changes nothing about them.
                Log.ClosingFailed(_logger, Peer, exception);
            }
        }
    }

    /// <summary>Processes the records of a page as one batch and adds them to the totals.</summary>
    /// <returns>One verdict for each record, and the failure that ends the pull, if any: a service that threw, or too many bad signatures.</returns>
    public async ValueTask<(IReadOnlyList<Verdict> Verdicts, PeerFailure? Failure)> ProcessAsync(PeerPage page)
    {
        foreach (var (reason, count) in page.Malformed)
            _verdicts.AddRejected(reason, count);

        // A page without records is processed in its turn too: a peer that sends nothing of use is read no faster than the others.
        var result = await _processor.ProcessAsync(Peer, page.Linktrees, _cancellationToken).ConfigureAwait(false);
        foreach (var verdict in result.Verdicts)
            _verdicts.Add(verdict);
        if (result.EarliestDue is { } due)
            EarliestDue = Math.Min(EarliestDue ?? long.MaxValue, due);

        _failedChecks += result.FailedChecks;
        if (result.Fault is { } fault)
            return (result.Verdicts, ToUnexpectedError(fault.Exception, fault.Service));
        return _failedChecks >= _maxBadSignatures
            ? (result.Verdicts, new PeerFailure(PeerFailureKind.TooManyBadSignatures) { Detail = $"{_failedChecks} signature checks failed." })
            : (result.Verdicts, null);
    }

    /// <summary>Makes the report from the totals and the result of the last step.</summary>
    public PeerReport ToReport(StepResult result) => new(Peer)
    {
        Path = result.Path,
        Failure = result.Failure,
        Verdicts = _verdicts.ToCounts(),
        BytesReceived = _bytesReceived,
        Duration = _timeProvider.GetElapsedTime(_started),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _ending.Dispose();
        _deadline.Dispose();
    }

    private static async ValueTask<Exception?> GetExceptionAsync(Task reading)
    {
        try
        {
            await reading.ConfigureAwait(false);
            return null;
        }
        catch (Exception exception)
        {
            // Not swallowed: the caller converts it to a failure of the peer, or logs it.
            return exception;
        }
    }

    /// <summary>Converts an exception of the client to a failure of the peer, after the caller's cancellation, which may have any exception as its consequence.</summary>
    private PeerFailure ToFailure(Exception exception, string service)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        if (IsOutOfTime)
            return OutOfTime;

        PeerFailureKind? kind = exception switch
        {
            HttpRequestException => PeerFailureKind.Unreachable,
            IOException or SocketException => _hasReceived ? PeerFailureKind.Interrupted : PeerFailureKind.Unreachable,
            TimeoutException or OperationCanceledException => PeerFailureKind.TimedOut, // Not by the pull's token: the client has a limit of its own.
            _ => null,
        };
        if (kind is null)
            return ToUnexpectedError(exception, service);

        Log.ClientThrew(_logger, Peer, exception);
        return new PeerFailure(kind.Value) { Detail = ToDetail(exception, service) };
    }

    private PeerFailure ToUnexpectedError(Exception exception, string service)
    {
        Log.ServiceThrew(_logger, service, Peer, exception);
        return new PeerFailure(PeerFailureKind.UnexpectedError) { Detail = ToDetail(exception, service) };
    }

    // Without the exception's message, which may hold text of the peer.
    private static string ToDetail(Exception exception, string service) => $"The {service} threw {exception.GetType().Name}.";
}
