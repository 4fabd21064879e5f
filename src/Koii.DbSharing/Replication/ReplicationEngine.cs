using System.Runtime.ExceptionServices;
using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Replication;
using Koii.DbSharing.Replication.Ladder;
using Koii.DbSharing.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Koii.DbSharing;

/// <summary>
/// Makes a node's set and those of its peers one: asks who there is, reads what they hold, judges every record, and keeps the newest. It composes
/// its roles and knows no JSON, no HTTP, no database and no curve.
/// </summary>
/// <remarks>
/// All members may be called from many threads at once. The engine owns nothing that must be disposed of, and has no background work of its own:
/// what it does, it does inside a call. What it remembers of peers between rounds it keeps in memory, so it should live as long as the process.
/// </remarks>
public sealed partial class ReplicationEngine
{
    private readonly ReplicationRound _round;
    private readonly RecordIntake _intake;
    private readonly PeerMemory _memory;
    private readonly LeaseCoordinator _leased;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    private readonly string _taskId;
    private readonly TimeSpan _interval;
    private readonly PeerSelection _selection;

    private readonly Random _random; // Under _randomLock: ShareAsync and RunAsync may be called at the same time.
    private readonly Lock _randomLock = new();
    private bool _isSharing;

    /// <summary>Composes an engine.</summary>
    /// <param name="directory">Who there is.</param>
    /// <param name="client">How a peer is read.</param>
    /// <param name="verifier">What a good signature is; asked for a page at a time where it is an <see cref="IBatchSignatureVerifier"/>.</param>
    /// <param name="store">Where records are kept.</param>
    /// <param name="options">The settings of the task. They are read here; later changes have no effect.</param>
    /// <param name="services">Clock, chance, logging, policy and lease. Default: the system's, no logging, every good record is kept, and every round is ours.</param>
    /// <exception cref="ArgumentNullException">A role or the options are missing.</exception>
    /// <exception cref="ArgumentException">Options are out of their bounds; the message names every one.</exception>
    public ReplicationEngine(
        INodeDirectory directory,
        IPeerClient client,
        ISignatureVerifier verifier,
        ILinktreeStore store,
        DbSharingOptions options,
        ReplicationEngineServices? services = null)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(verifier);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        if (string.Join(' ', DbSharingOptionsValidator.Errors(options)) is { Length: > 0 } errors)
            throw new ArgumentException(errors, nameof(options));
        services ??= new ReplicationEngineServices();

        Options = options;
        Store = store;
        Index = store is ILinktreeChangeFeed feed ? new LinktreeIndex(store, feed) : null;
        _timeProvider = services.TimeProvider;
        _random = services.Random;
        _logger = (services.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger<ReplicationEngine>();
        _memory = new PeerMemory(_timeProvider, options.Interval, NextDouble);
        _leased = new LeaseCoordinator(services.Lease, _memory, options.TaskId, _logger);
        var admission = new Admission(options.TaskId, options.MaxClockSkew);
        _intake = new RecordIntake(admission, _memory.Refusals, verifier, services.Policy, store, _timeProvider);
        _round = new ReplicationRound(directory, client as IRoundAware, Select, BuildLadder(client, services.Reconciler, admission), options.TaskId, _timeProvider, _logger);

        _taskId = options.TaskId;
        _interval = options.Interval;
        _selection = new PeerSelection(options);
    }

    /// <summary>The store, as it was given to the constructor.</summary>
    public ILinktreeStore Store { get; }

    /// <summary>What peers ask for, kept up with the store's changes; <see langword="null"/> where the store has no <see cref="ILinktreeChangeFeed"/>.</summary>
    internal LinktreeIndex? Index { get; }

    internal DbSharingOptions Options { get; }

    /// <summary>Opens the store by reading its first record, so that a store that cannot be opened is known before the first round.</summary>
    /// <param name="cancellationToken">Ends the wait with <see cref="OperationCanceledException"/>.</param>
    /// <returns>A task that ends when the store has answered.</returns>
    /// <exception cref="LinktreeStoreException">The store cannot be opened.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken = default) =>
        await Store.ListAsync(new LinktreeQuery { IncludeTombstones = true, Limit = 1 }, cancellationToken).ConfigureAwait(false);

    /// <summary>Gets count and fingerprint of all records, tombstones included.</summary>
    /// <remarks>
    /// The first call lists the store; later calls read only what has changed since. Without an <see cref="ILinktreeChangeFeed"/> each call lists the store.
    /// </remarks>
    /// <param name="cancellationToken">Ends the wait with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The summary of a state that the store had during this call.</returns>
    /// <exception cref="LinktreeStoreException">The store failed.</exception>
    public async ValueTask<SetSummary> GetSummaryAsync(CancellationToken cancellationToken = default) =>
        Index is not null
            ? await Index.GetSummaryAsync(cancellationToken).ConfigureAwait(false)
            : await StoreListing.SummarizeAsync(Store, cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Runs one round, which pulls and pushes nothing: asks for the node list, asks the chosen peers all at once, reads what they have that is not held here, or their
    /// whole lists (<see cref="DbSharingOptions.MaxConcurrentPeers"/> at a time), judges what comes and keeps what is good and newer. A peer that fails, lies or dawdles
    /// changes nothing about the others.
    /// </summary>
    /// <param name="cancellationToken">Ends the round promptly with <see cref="OperationCanceledException"/>; what was stored by then stays.</param>
    /// <returns>What the round did. When another round of this engine is under way, or another process has the lease: an empty report that says so, at once.</returns>
    /// <exception cref="LinktreeStoreException">The store could not do its I/O. The round has ended; what was stored by then stays.</exception>
    /// <exception cref="InvalidOperationException">A role answered <see langword="null"/> or not one answer for each question; the message names it.</exception>
    public async Task<ReplicationReport> ShareAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref _isSharing, true))
            return new ReplicationReport(RoundOutcome.AlreadyRunning) { StartedAt = _timeProvider.GetUtcNow() };

        try
        {
            return await _leased.TryRunAsync(_round.RunAsync, cancellationToken).ConfigureAwait(false)
                ?? new ReplicationReport(RoundOutcome.LeaseHeldElsewhere) { StartedAt = _timeProvider.GetUtcNow() };
        }
        catch (LinktreeStoreException)
        {
            _memory.ForgetStore();
            throw;
        }
        finally
        {
            Volatile.Write(ref _isSharing, false);
        }
    }

    /// <summary>
    /// Judges one record and keeps it if it is good and newer than what is held: the way in for the application's own records and for those that are posted.
    /// It does not wait for a round that is under way.
    /// </summary>
    /// <param name="linktree">The record.</param>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>; the record is then stored or it is not.</param>
    /// <returns>What became of it. When it was stored, the store has acknowledged it.</returns>
    /// <exception cref="LinktreeStoreException">The store could not do its I/O.</exception>
    /// <exception cref="InvalidOperationException">The store answered <see langword="null"/> or not one answer for one question.</exception>
    public async ValueTask<Verdict> SubmitAsync(SignedLinktree linktree, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(linktree);
        try
        {
            var taken = await _intake.TakeSubmittedAsync([linktree], cancellationToken).ConfigureAwait(false);
            if (taken.Fault is { } fault)
                ExceptionDispatchInfo.Throw(fault.Exception);
            return taken.Verdicts[0];
        }
        catch (LinktreeStoreException)
        {
            _memory.ForgetStore();
            throw;
        }
    }

    /// <summary>
    /// Runs rounds until it is told to stop. The first comes after a random part of <see cref="DbSharingOptions.Interval"/>, so that nodes that were
    /// started together do not ask together; from the start of one to the start of the next it is the interval, give or take a tenth. Rounds never overlap: after
    /// one that took longer, the next comes after a pause of up to a tenth of the interval. A round that fails is logged, and the loop goes on. When the loop
    /// ends, another process can have the lease at once.
    /// </summary>
    /// <param name="cancellationToken">Ends the loop, and with it the round under way.</param>
    /// <returns>A task that completes normally when the loop has ended.</returns>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var pause = _interval * NextDouble();
        try
        {
            while (true)
            {
                await Task.Delay(pause, _timeProvider, cancellationToken).ConfigureAwait(false);
                var started = _timeProvider.GetTimestamp();
                await ShareInLoopAsync(cancellationToken).ConfigureAwait(false);

                var chance = NextDouble();
                pause = _interval * (0.9 + 0.2 * chance) - _timeProvider.GetElapsedTime(started);
                if (pause <= TimeSpan.Zero)
                    pause = _interval * (0.1 * chance);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The one way out, and no failure.
        }
        finally
        {
            await GiveUpLeaseAsync().ConfigureAwait(false);
        }
    }

    private async Task ShareInLoopAsync(CancellationToken cancellationToken)
    {
        try
        {
            var report = await ShareAsync(cancellationToken).ConfigureAwait(false);
            if (report.Outcome == RoundOutcome.AlreadyRunning)
                Log.RoundLeftOut(_logger, _taskId);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (LinktreeStoreException failure)
        {
            Log.StoreFailed(_logger, _taskId, failure);
        }
        catch (Exception failure)
        {
            Log.RoundFailed(_logger, _taskId, failure);
        }
    }

    private async ValueTask GiveUpLeaseAsync()
    {
        // A round that the application began itself goes on under the lease, which then is the application's to end.
        if (Interlocked.Exchange(ref _isSharing, true))
            return;
        try
        {
            await _leased.GiveUpAsync().ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isSharing, false);
        }
    }

    private IReadOnlyList<NodeAddress> Select(IReadOnlyList<NodeAddress> listed)
    {
        lock (_randomLock)
            return _selection.Select(listed, _memory.Rests.StandingOf, _random);
    }

    private PeerLadder BuildLadder(IPeerClient client, IPeerReconciler? reconciler, Admission admission)
    {
        var places = new AsyncSemaphore(Options.MaxConcurrentPeers); // For bodies that are read at the same time.
        var maxBadSignatures = Options.PeerLimits.MaxBadSignatures;
        return new PeerLadder(
            (peer, cancellationToken) => new PeerRound(peer, _intake, places, maxBadSignatures, _timeProvider, _logger, cancellationToken),
            reconciler is null ? null : new SummaryRung(reconciler, Index!, _memory, Options, _logger),
            reconciler is null ? null : new ReconcileRung(reconciler, Index!, _memory, admission, _logger),
            new PlainListRung(client, _memory),
            _memory,
            _logger);
    }

    private double NextDouble()
    {
        lock (_randomLock)
            return _random.NextDouble();
    }
}
