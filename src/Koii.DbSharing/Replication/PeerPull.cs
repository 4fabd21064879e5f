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
    private const int MaxInProcess = 2;

    private static readonly PeerFailure OutOfTime = new(PeerFailureKind.TimedOut) { Detail = "The pull as a whole took too long." };

    private readonly BatchPipeline _batches;
    private readonly AsyncSemaphore _permits;
    private readonly int _maxBadSignatures;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly CancellationToken _cancellationToken;

    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _ending;
    private readonly CancellationToken _overdue;
    private readonly long _started;

    private bool _hasReceived;

    /// <summary>Starts a pull.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="batches">Processes the batches of the round.</param>
    /// <param name="permits">Bounds the peers that hold a batch and read the next one.</param>
    /// <param name="limits">The time of the pull as a whole and the number of failed signature checks that ends it.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="overdue">Ends the pull as one that ran out of time.</param>
    /// <param name="cancellationToken">Ends the pull with <see cref="OperationCanceledException"/>.</param>
    public PeerPull(
        NodeAddress peer,
        BatchPipeline batches,
        AsyncSemaphore permits,
        PeerLimits limits,
        TimeProvider timeProvider,
        ILogger logger,
        CancellationToken overdue,
        CancellationToken cancellationToken)
    {
        (Peer, _batches, _permits, _maxBadSignatures) = (peer, batches, permits, limits.MaxBadSignatures);
        (_timeProvider, _logger, _cancellationToken) = (timeProvider, logger, cancellationToken);
        _deadline = new CancellationTokenSource(limits.PeerTimeout, timeProvider);
        _overdue = overdue;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _deadline.Token, overdue);
        _started = timeProvider.GetTimestamp();
    }

    /// <summary>The peer.</summary>
    public NodeAddress Peer { get; }

    /// <summary>Whether the pull used up its time, so that no further step can be taken.</summary>
    public bool IsOutOfTime => _deadline.IsCancellationRequested || IsOverdue;

    /// <summary>Whether the pull was ended because it was late.</summary>
    public bool IsOverdue => _overdue.IsCancellationRequested;

    /// <summary>What was received and what came of it.</summary>
    public PullTotals Totals { get; } = new();

    /// <summary>Asks the peer one question.</summary>
    /// <returns>The answer. An exception of the client and the end of the pull's time are failures.</returns>
    public async ValueTask<PeerAnswer<T>> AskAsync<T>(Func<CancellationToken, ValueTask<PeerAnswer<T>>> ask)
        where T : notnull
    {
        try
        {
            _ending.Token.ThrowIfCancellationRequested();
            var answer = await ask(_ending.Token).ConfigureAwait(false);
            Totals.AddReceived(answer.BytesReceived, answer.Source);
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

    /// <summary>Waits for other pulls.</summary>
    /// <returns>The failure if the pull's time ended meanwhile, otherwise <see langword="null"/>.</returns>
    public async ValueTask<PeerFailure?> WaitAsync(Func<CancellationToken, ValueTask> wait)
    {
        try
        {
            await wait(_ending.Token).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            return OutOfTime;
        }
    }

    /// <summary>
    /// Reads pages and processes each as one batch, in order. While a page is stored, the next one is verified and the one after it is read, so the pull holds at most three
    /// pages. It holds a permit as long as a page is in process.
    /// </summary>
    /// <param name="service">The interface of the client, for failures and the log.</param>
    /// <param name="open">Opens the pages.</param>
    /// <param name="endsAtBadSignature">Whether the caller ends at a page with a bad signature. The next page is then not processed before.</param>
    /// <returns>
    /// The pages whose records are stored. A page with a failure of processing is the last one. An exception of the client and the end of the pull's time are the failure of
    /// a last page without records.
    /// </returns>
    public async IAsyncEnumerable<ProcessedPage> ProcessAsync(
        string service, Func<CancellationToken, IAsyncEnumerable<PeerPage>> open, bool endsAtBadSignature = false)
    {
        var pages = new ReadAhead(open, _ending.Token);
        var inProcess = new Queue<PageInProcess>(MaxInProcess);
        AsyncSemaphore.Releaser? permit = null;
        try
        {
            PeerFailure? failure;
            while (true)
            {
                while (inProcess.Count > 0 && await MustFinishFirstAsync(inProcess, pages.Reading, endsAtBadSignature).ConfigureAwait(false))
                {
                    var processed = await FinishFirstAsync(inProcess).ConfigureAwait(false);
                    yield return processed;
                    if (processed.Failure is not null)
                        yield break;
                }

                if (inProcess.Count == 0)
                {
                    // The peer may be slow, and other peers may wait.
                    permit?.Dispose();
                    permit = null;
                }

                (var page, failure) = await TakeAsync(pages, service).ConfigureAwait(false);
                if (page is null)
                    break;
                failure = await WaitAsync(async token => permit ??= await _permits.AcquireAsync(token).ConfigureAwait(false)).ConfigureAwait(false);
                if (failure is not null)
                    break;
                pages.Continue();
                var batch = await _batches.VerifyAsync(Peer, page.Linktrees).ConfigureAwait(false);
                inProcess.Enqueue(new PageInProcess(page, batch, _batches.StoreAsync(batch)));
            }

            while (inProcess.Count > 0)
            {
                var processed = await FinishFirstAsync(inProcess).ConfigureAwait(false);
                yield return processed;
                if (processed.Failure is not null)
                    yield break;
            }

            if (failure is not null)
                yield return new ProcessedPage(new PeerPage([]) { Failure = failure }, []);
        }
        finally
        {
            // After an exception, or if the caller ended early. What was handed to the store counts.
            while (inProcess.TryDequeue(out var left))
            {
                await ((Task)left.Storing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (left.Storing.IsCompletedSuccessfully)
                    AddToTotals(left.Page, left.Storing.Result);
            }

            permit?.Dispose();
            await CloseAsync(pages).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the report from the totals and the result of the last step.</summary>
    public PeerReport ToReport(StepResult result) => new(Peer)
    {
        Path = result.Path,
        Failure = IsProgress(result.Failure) ? null : result.Failure,
        IsPartial = IsProgress(result.Failure),
        Verdicts = Totals.Verdicts,
        BytesReceived = Totals.BytesReceived,
        Source = Totals.Source,
        Duration = _timeProvider.GetElapsedTime(_started),
    };

    // As in the first synchronization of a large set.
    private bool IsProgress(PeerFailure? failure) => failure == OutOfTime && Totals.IsMostlyNew;

    /// <inheritdoc/>
    public void Dispose()
    {
        _ending.Dispose();
        _deadline.Dispose();
    }

    /// <summary>Waits until the first page is stored or the next one is read.</summary>
    /// <returns>Whether to finish the first page now: it is stored, or the next one must not be processed before.</returns>
    private async ValueTask<bool> MustFinishFirstAsync(Queue<PageInProcess> inProcess, Task reading, bool endsAtBadSignature)
    {
        var storing = inProcess.Peek().Storing;
        if (!reading.IsCompleted)
            await Task.WhenAny(reading, storing).ConfigureAwait(false);
        return storing.IsCompleted || inProcess.Count == MaxInProcess || _permits.IsContended || MayEnd(inProcess, endsAtBadSignature); // Contended: the permit passes on between two pages.
    }

    /// <summary>Returns whether one of the pages may be the last one, so that the next page must not be processed before that is known.</summary>
    private bool MayEnd(Queue<PageInProcess> inProcess, bool endsAtBadSignature)
    {
        var badSignatures = inProcess.Sum(page => page.Batch.MaxBadSignatures);
        return (endsAtBadSignature ? badSignatures > 0 : Totals.FailedChecks + badSignatures >= _maxBadSignatures)
            || inProcess.Any(page => page.Page.Failure is not null || page.Batch.Fault is not null);
    }

    private async ValueTask<ProcessedPage> FinishFirstAsync(Queue<PageInProcess> inProcess)
    {
        var (page, _, storing) = inProcess.Peek();
        var result = await storing.ConfigureAwait(false);
        inProcess.Dequeue();
        return new ProcessedPage(page, result.Verdicts, AddToTotals(page, result));
    }

    /// <returns>The failure that ends the pull, if any: a service that threw, or too many bad signatures.</returns>
    private PeerFailure? AddToTotals(PeerPage page, BatchResult result)
    {
        Totals.Add(page, result);
        if (result.Fault is { } fault)
            return ToUnexpectedError(fault.Exception, fault.Service);
        return Totals.FailedChecks >= _maxBadSignatures ? new PeerFailure(PeerFailureKind.TooManyBadSignatures) { Detail = $"{Totals.FailedChecks} signature checks failed." } : null;
    }

    /// <returns>The page that was read; <see langword="null"/> after the last one, with the failure that ended the reading, if any.</returns>
    private async ValueTask<(PeerPage? Page, PeerFailure? Failure)> TakeAsync(ReadAhead pages, string service)
    {
        try
        {
            var page = await pages.TakeAsync().ConfigureAwait(false);
            Totals.AddReceived(page?.BytesReceived ?? 0, page?.Source);
            _hasReceived |= page is not null;
            return (page, null);
        }
        catch (Exception exception)
        {
            return (null, ToFailure(exception, service));
        }
    }

    private async ValueTask CloseAsync(ReadAhead pages)
    {
        try
        {
            await pages.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // The pages that were read are processed. A request that cannot be closed, or that was canceled because its page is not needed, changes nothing about them.
            if (exception is not OperationCanceledException)
                Log.ClosingFailed(_logger, Peer, exception);
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

    /// <summary>A page whose batch was verified and is being stored.</summary>
    private readonly record struct PageInProcess(PeerPage Page, RecordBatch Batch, Task<BatchResult> Storing);
}
