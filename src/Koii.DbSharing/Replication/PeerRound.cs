using System.Net.Sockets;
using Koii.DbSharing.Concurrency;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

/// <summary>
/// One peer in one round: what came of it so far, whichever rung of the ladder brought it. Whatever the peer or a client does is a value in the report; what it throws
/// is a failing store, a role that breaks its contract, our own cancellation, or the end of the time that the peer has.
/// </summary>
internal sealed partial class PeerRound : IDisposable
{
    private readonly RecordIntake _intake;
    private readonly AsyncSemaphore _places;
    private readonly int _maxBadSignatures;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly CancellationToken _cancellationToken;

    // Never disposed of: the timer's callback may still be under way when the round is over. Without a timer of its own it holds nothing that the collector would not free.
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenRegistration _registration;
    private ITimer? _timer;

    private readonly long _started;
    private readonly VerdictTally _verdicts = new();
    private long _bytesReceived;
    private int _failedChecks;

    public PeerRound(
        NodeAddress peer, RecordIntake intake, AsyncSemaphore places, int maxBadSignatures, TimeProvider timeProvider, ILogger logger, CancellationToken cancellationToken)
    {
        Peer = peer;
        _intake = intake;
        _places = places;
        _maxBadSignatures = maxBadSignatures;
        _timeProvider = timeProvider;
        _logger = logger;
        _cancellationToken = cancellationToken;
        _registration = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _ending);
        _started = timeProvider.GetTimestamp();
    }

    public NodeAddress Peer { get; }

    /// <summary>By which rung it is being read.</summary>
    public PeerPath Path { get; set; }

    /// <summary>Why it could not be read, or not to the end.</summary>
    public PeerFailure? Failure { get; set; }

    /// <summary>The mark of its list as it was read now.</summary>
    public string? EntityTag { get; set; }

    /// <summary>When the first of its records that came too early is due, in milliseconds since the Unix epoch.</summary>
    public long? EarliestDue { get; private set; }

    /// <summary>Ends whatever waits for the peer: when the round is cancelled, and when the peer's time is over.</summary>
    public CancellationToken Token => _ending.Token;

    /// <summary>Whether the peer's time is over, and not ours.</summary>
    public bool IsOutOfTime => Token.IsCancellationRequested && !_cancellationToken.IsCancellationRequested;

    /// <summary>
    /// Asks the peer one question. What the client throws becomes a failure; only cancellation is thrown.
    /// </summary>
    /// <param name="method">The role's method, for the message where it breaks its contract.</param>
    /// <param name="ask">Asks.</param>
    public async ValueTask<PeerAnswer<T>> AskAsync<T>(string method, Func<CancellationToken, ValueTask<PeerAnswer<T>>> ask)
        where T : notnull
    {
        Token.ThrowIfCancellationRequested();
        PeerAnswer<T> answer;
        try
        {
            answer = await ask(Token).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            Token.ThrowIfCancellationRequested();
            return new PeerAnswer<T>(default, FailureOf(fault, nameof(IPeerReconciler)), 0);
        }

        if (answer is { Value: null, Failure: null })
            throw new InvalidOperationException(RoleContract.Null(method));
        _bytesReceived += answer.BytesReceived;
        return answer;
    }

    /// <summary>Begins to read pages from the peer, one ahead.</summary>
    public PageReadAhead Read(string method, Func<CancellationToken, IAsyncEnumerable<PeerPage>> open) =>
        new(method, open, Peer, _places, _timeProvider, _logger, Token);

    /// <summary>Takes the next page. What the client throws becomes the failure.</summary>
    /// <returns>The page; or <see langword="null"/> at the end, which may be a <see cref="Failure"/>.</returns>
    public async ValueTask<PeerPage?> NextAsync(PageReadAhead pages, string role)
    {
        var (page, fault) = await pages.NextAsync().ConfigureAwait(false);
        if (fault is not null)
            Failure = FailureOf(fault, role);
        if (page is not null)
            _bytesReceived += page.BytesReceived;
        return page;
    }

    /// <summary>Judges and stores what a page holds, and counts it.</summary>
    /// <returns>One verdict for each of its records; none where a role failed, which is the <see cref="Failure"/> then.</returns>
    public async ValueTask<IReadOnlyList<Verdict>> TakeAsync(PeerPage page)
    {
        foreach (var (reason, count) in page.Malformed)
            _verdicts.AddRejected(reason, count);

        // A page without records takes its turn too: a peer that sends nothing of use is read no faster than the others are served.
        var taken = await _intake.TakeInTurnAsync(Peer, page.Linktrees, _cancellationToken).ConfigureAwait(false);
        foreach (var verdict in taken.Verdicts)
            _verdicts.Add(verdict);
        if (taken.EarliestDue is { } due)
            EarliestDue = Math.Min(EarliestDue ?? long.MaxValue, due);

        _failedChecks += taken.FailedChecks;
        if (taken.Fault is { } fault)
            Failure = UnexpectedError(fault.Exception, fault.Role);
        else if (_failedChecks >= _maxBadSignatures)
            Failure = new PeerFailure(PeerFailureKind.TooManyBadSignatures) { Detail = $"{_failedChecks} signature checks failed." };
        return taken.Verdicts;
    }

    /// <summary>Gives the peer so much time from now on. Without it, only the limits of the clients end what waits for it.</summary>
    public void LimitTime(TimeSpan time) =>
        _timer = _timeProvider.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), _ending, time, Timeout.InfiniteTimeSpan);

    public PeerReport ToReport() => new(Peer)
    {
        Path = Path,
        Verdicts = _verdicts.ToCounts(),
        BytesReceived = _bytesReceived,
        Duration = _timeProvider.GetElapsedTime(_started),
        Failure = Failure,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _registration.Dispose();
    }

    private PeerFailure FailureOf(Exception fault, string role)
    {
        PeerFailureKind? kind = fault switch
        {
            HttpRequestException => PeerFailureKind.Unreachable,
            IOException or SocketException => Path == PeerPath.None ? PeerFailureKind.Unreachable : PeerFailureKind.Interrupted,
            TimeoutException or OperationCanceledException => PeerFailureKind.TimedOut, // Not by our token: the client gave up by itself.
            _ => null,
        };
        if (kind is null)
            return UnexpectedError(fault, role);

        Log.ClientThrew(_logger, Peer, fault);
        return new PeerFailure(kind.Value) { Detail = Sentence(fault, role) };
    }

    private PeerFailure UnexpectedError(Exception fault, string role)
    {
        Log.RoleThrew(_logger, role, Peer, fault);
        return new PeerFailure(PeerFailureKind.UnexpectedError) { Detail = Sentence(fault, role) };
    }

    // Without the exception's message, which may hold what the peer wrote.
    private static string Sentence(Exception fault, string role) => $"The {role} threw {fault.GetType().Name}.";
}
