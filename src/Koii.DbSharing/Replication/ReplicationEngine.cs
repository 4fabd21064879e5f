using System.Runtime.ExceptionServices;
using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Logging;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Replication;
using Koii.DbSharing.Storage;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing;

/// <summary>Keeps the records of this node in sync with those of its peers: pulls what they hold, validates every record, and stores the newest versions.</summary>
/// <remarks>
/// <para>The engine composes its services; it contains no JSON, HTTP, SQL or cryptography of its own.</para>
/// <para>All members are safe for use by many threads. The engine owns nothing that must be disposed and has no background work: everything happens inside a call. What it
/// records about peers is held in memory only, so an engine should live as long as the process.</para>
/// </remarks>
public sealed class ReplicationEngine : IReplicationEngine
{
    private readonly ReplicationRound _round;
    private readonly RecordProcessor _processor;
    private readonly RejectionCache _rejections;
    private readonly FetchReservations _reservations;
    private readonly PeerTable _peers;
    private readonly LeaseCoordinator _lease;
    private readonly ReplicationLoop _loop;
    private readonly TimeProvider _timeProvider;

    private bool _isSharing;
    private long _indexRestarts;

    /// <summary>Creates an engine from its services.</summary>
    /// <param name="directory">Lists the nodes.</param>
    /// <param name="client">Reads what a peer holds. If it is an <see cref="IPeerReconciler"/> too, peers are asked for differences instead of full lists.</param>
    /// <param name="verifier">Checks signatures; a batch at a time if it is an <see cref="IBatchSignatureVerifier"/>.</param>
    /// <param name="store">Holds the records. If it is an <see cref="ILinktreeChangeFeed"/>, summaries are computed from its changes.</param>
    /// <param name="options">The settings of the task. They are read here; later changes have no effect.</param>
    /// <param name="services">The optional services. Default: the system's clock, no log, no policy and no lease.</param>
    /// <exception cref="ArgumentNullException">A required service or the options are missing.</exception>
    /// <exception cref="ArgumentException">Options are out of range; the message names all of them.</exception>
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
        _timeProvider = services.TimeProvider;
        var random = new SynchronizedRandom(services.Random); // ShareAsync and RunAsync may be called at the same time.
        var logger = new NonThrowingLoggerFactory(services.LoggerFactory).CreateLogger<ReplicationEngine>();

        // The three optional capabilities. Beside them, only the client of this library is told when a round starts.
        var batchVerifier = verifier as IBatchSignatureVerifier;
        var reconciler = services.Reconciler ?? client as IPeerReconciler;
        ChangeFeed = store as ILinktreeChangeFeed;

        Index = ChangeFeed is null ? null : new LinktreeIndex(ChangeFeed);
        _rejections = new RejectionCache(_timeProvider);
        _reservations = new FetchReservations(_timeProvider);
        _peers = new PeerTable(options.Interval, _timeProvider, random);
        _lease = new LeaseCoordinator(services.Lease, options.TaskId, logger);
        _processor = new RecordProcessor(options, _rejections, verifier, batchVerifier, services.Policy, store, _timeProvider);
        var sync = new PeerSync(client, reconciler, Index, _processor, _rejections, _reservations, _peers, options, _timeProvider, logger);
        _round = new ReplicationRound(
            directory, new PeerSelector(options), client as IRoundAware, _peers, sync, _processor, services.StoreScheduler, options, random, _timeProvider, logger);
        _loop = new ReplicationLoop(options, store.GetType().Name, Index, random, _timeProvider, logger);
    }

    /// <summary>The store that was given to the constructor.</summary>
    public ILinktreeStore Store { get; }

    /// <summary>The change feed of the store, or <see langword="null"/> if it has none.</summary>
    internal ILinktreeChangeFeed? ChangeFeed { get; }

    /// <summary>The index of the store, or <see langword="null"/> if the store has no <see cref="ILinktreeChangeFeed"/>.</summary>
    internal LinktreeIndex? Index { get; }

    internal DbSharingOptions Options { get; }

    /// <summary>Opens the store by reading its first record, so that a store that cannot be opened fails before the first round.</summary>
    /// <param name="cancellationToken">Ends the wait with <see cref="OperationCanceledException"/>.</param>
    /// <returns>A task that completes when the store has answered.</returns>
    /// <exception cref="LinktreeStoreException">The store cannot be opened.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken = default) =>
        await Store.ListAsync(new LinktreeQuery { IncludeTombstones = true, Limit = 1 }, cancellationToken).ConfigureAwait(false);

    /// <summary>Gets the number and the fingerprint of all records, tombstones included.</summary>
    /// <remarks>The first call reads the change feed from the start; later calls read only what has changed. Without an <see cref="ILinktreeChangeFeed"/> every call lists the store.</remarks>
    /// <param name="cancellationToken">Ends the wait with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The summary of a state that the store had during this call.</returns>
    /// <exception cref="LinktreeStoreException">The store failed.</exception>
    public async ValueTask<SetSummary> GetSummaryAsync(CancellationToken cancellationToken = default) =>
        Index is not null
            ? await Index.GetSummaryAsync(cancellationToken).ConfigureAwait(false)
            : await LinktreeIndex.SummarizeAsync(Store, cancellationToken).ConfigureAwait(false);

    /// <summary>Gets a snapshot of the peers that rounds of this engine have asked, up to 4,096, in the order of their addresses.</summary>
    /// <returns>The peers. Empty before the first round, and after another process had the lease.</returns>
    public IReadOnlyList<PeerStatus> GetPeers() => _peers.GetSnapshot();

    /// <summary>Runs one round: gets the node list, asks the selected peers concurrently, and stores every valid record that is newer than the version held here.</summary>
    /// <remarks>
    /// A peer that fails, sends invalid data or is slow does not affect the others; its report names the reason. At most <see cref="DbSharingOptions.MaxConcurrentPeers"/> bodies are read at a
    /// time.
    /// </remarks>
    /// <param name="cancellationToken">Ends the round promptly with <see cref="OperationCanceledException"/>. Records that were stored by then remain.</param>
    /// <returns>The report. If another round of this engine is running, or another process has the lease, an empty report that says so, at once.</returns>
    /// <exception cref="LinktreeStoreException">The store failed and the round ended. Records that were stored by then remain.</exception>
    /// <exception cref="InvalidOperationException">The store returned a wrong number of results; the message names the method.</exception>
    public Task<ReplicationReport> ShareAsync(CancellationToken cancellationToken = default) => ShareOnceAsync(lateAfter: null, cancellationToken);

    /// <summary>Validates one record and stores it if it is newer than the version held here.</summary>
    /// <remarks>This is the way in for records of the application and for records that are posted. It does not wait for a round.</remarks>
    /// <param name="linktree">The record.</param>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>; the record is then stored or it is not.</param>
    /// <returns>The verdict. A record with the verdict <see cref="VerdictKind.Inserted"/> or <see cref="VerdictKind.Replaced"/> is durable.</returns>
    /// <exception cref="LinktreeStoreException">The store failed.</exception>
    /// <exception cref="InvalidOperationException">The store returned a wrong number of results; the message names the method.</exception>
    /// <exception cref="Exception">The verifier or the policy threw; its exception is rethrown, and the record is not stored.</exception>
    public async ValueTask<Verdict> SubmitAsync(SignedLinktree linktree, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(linktree);
        try
        {
            var result = await _processor.ProcessSubmissionAsync([linktree], cancellationToken).ConfigureAwait(false);
            if (result.Fault is { } fault)
                ExceptionDispatchInfo.Throw(fault.Exception);
            return result.Verdicts[0];
        }
        catch (LinktreeStoreException)
        {
            ForgetStore();
            throw;
        }
    }

    /// <summary>Runs rounds until the token is canceled.</summary>
    /// <remarks>
    /// The first round starts after a random part of <see cref="DbSharingOptions.Interval"/>, so that nodes that start together do not ask together. From the start of one round to
    /// the start of the next it takes the interval, varied by up to a tenth. A round waits that long for its pulls; those that are late then continue beside the next
    /// round (<see cref="ReplicationReport.LatePeers"/>), at most half as many as <see cref="DbSharingOptions.MaxConcurrentPeers"/> and <see cref="DbSharingOptions.FanOut"/>. A round that fails is logged, and the loop continues. The lease is released when the loop ends,
    /// unless a <see cref="ShareAsync"/> call is running; the lease is then released by a later <see cref="RunAsync"/> or when it is disposed.
    /// </remarks>
    /// <param name="cancellationToken">Ends the loop and the round that is running.</param>
    /// <returns>A task that completes normally when the loop has ended.</returns>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _loop.RunAsync(ShareOnceAsync, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await StopAsync().ConfigureAwait(false);
        }
    }

    private async Task<ReplicationReport> ShareOnceAsync(TimeSpan? lateAfter, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref _isSharing, true))
            return new ReplicationReport(RoundOutcome.AlreadyRunning) { StartedAt = _timeProvider.GetUtcNow() };

        try
        {
            return await RunRoundAsync(lateAfter, cancellationToken).ConfigureAwait(false)
                ?? new ReplicationReport(RoundOutcome.LeaseHeldElsewhere) { StartedAt = _timeProvider.GetUtcNow() };
        }
        catch (LinktreeStoreException)
        {
            ForgetStore();
            // Another process may be able to use the store.
            await _round.StopAsync().ConfigureAwait(false);
            await _lease.ReleaseAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            Volatile.Write(ref _isSharing, false);
        }
    }

    /// <returns>The report, or <see langword="null"/> if another process has the lease or may have it now.</returns>
    private async Task<ReplicationReport?> RunRoundAsync(TimeSpan? lateAfter, CancellationToken cancellationToken)
    {
        var lease = await _lease.AcquireAsync(cancellationToken).ConfigureAwait(false);
        if (lease.IsChanged)
        {
            // Another process may have run rounds since, so everything recorded here may be old.
            await _round.StopAsync().ConfigureAwait(false);
            _peers.Clear();
            _rejections.Clear();
        }

        if (!lease.IsHeld)
            return null;

        using var untilLost = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        try
        {
            await ForgetLostRecordsAsync(untilLost.Token).ConfigureAwait(false);
            return await _round.RunAsync(lateAfter, lease.Lost, untilLost.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            await _round.StopAsync().ConfigureAwait(false);
            await _lease.ReleaseLostAsync().ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException)
        {
            // If the caller canceled, throw with the caller's token.
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    /// <summary>Forgets what depends on the store if its feed has started anew: it then has fewer records for another reason than newer ones.</summary>
    private async ValueTask ForgetLostRecordsAsync(CancellationToken cancellationToken)
    {
        if (Index is null)
            return;
        await Index.GetSummaryAsync(cancellationToken).ConfigureAwait(false);
        if (Interlocked.Exchange(ref _indexRestarts, Index.Restarts) is var before && before != Index.Restarts)
            ForgetStore();
    }

    // A store that failed may come back with fewer records than it had.
    private void ForgetStore()
    {
        _peers.ForgetStore();
        _rejections.Clear();
        _reservations.Clear();
    }

    private async ValueTask StopAsync()
    {
        // Not while a ShareAsync call is running; the lease is then released by a later RunAsync or when it is disposed.
        if (Interlocked.Exchange(ref _isSharing, true))
            return;
        try
        {
            await _round.StopAsync().ConfigureAwait(false);
            await _lease.ReleaseAsync().ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isSharing, false);
        }
    }
}
