using Koii.DbSharing.PostgreSql;
using Koii.DbSharing.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Koii.DbSharing;

/// <summary>
/// Stores records durably in a PostgreSQL database (15 or later), which any number of processes and tasks may share. A
/// batch is one statement and one round trip, and is on the disk of the database when the call returns, whatever the
/// server's default for <c>synchronous_commit</c>.
/// </summary>
/// <remarks>
/// <para>The first call opens the task: it creates the schema <c>koii_dbsharing</c> or updates it, withholds records beyond
/// <see cref="DbSharingOptions.MaxClockSkew"/> until they are due, and trims authors to
/// <see cref="DbSharingOptions.LinktreesPerAuthor"/> (protocol §1). The next call does so again after one that lost its
/// connection or found that another program has changed the schema. A database that is read-only is read as it is.</para>
/// <para>The clock of the database server decides for all processes. A process whose own clock differs by more than a minute
/// logs a warning when it opens the task.</para>
/// <para>Each row is verified when it is read, by its checksum and by the id of the record. A damaged one is moved to the
/// table <c>koii_dbsharing.damaged</c> and is then absent, so that its author or a peer can deliver it again. The read that
/// met it throws a transient <see cref="LinktreeStoreException"/>, except for <see cref="GetVersionsAsync"/> and
/// <see cref="PutAsync(IReadOnlyList{SignedLinktree}, CancellationToken)"/>, and the change feed starts again. It also
/// starts again when records were withheld, and after a failover to another history of the database.</para>
/// <para>One writer of a task runs at a time, in all processes together; readers wait for no writer. After a lost
/// connection, while a server restarts and in similar cases a call makes up to five more attempts within about two
/// seconds; if all fail, it throws a <see cref="LinktreeStoreException"/> with
/// <see cref="LinktreeStoreException.IsTransient"/>. If a connection is lost after the server has stored a batch, the
/// next attempt finds the records stored and returns <see cref="PutOutcome.Unchanged"/> for them.</para>
/// <para>A transaction of the caller (<see cref="System.Transactions.Transaction.Current"/>) has no effect: what a call
/// stores stays stored if the transaction is rolled back.</para>
/// <para>Safe for use by many threads. Disposing closes the connections that the store opened; a data source of the
/// caller stays open.</para>
/// </remarks>
public sealed class PostgreSqlLinktreeStore : ILinktreeStore, ILinktreeChangeFeed, IAsyncDisposable, IDisposable
{
    /// <summary>Calls that wait share a statement up to this many records.</summary>
    private const int MaxRecordsPerTransaction = 1024;

    /// <summary>A read that finds more damaged records after each move ends.</summary>
    private const int MaxAttemptsOfRead = 5;

    private readonly NpgsqlDataSource _dataSource;
    private readonly bool _ownsDataSource;
    private readonly PostgreSqlStoreSettings _settings;
    private readonly ILogger _logger;
    private readonly PostgreSqlDatabase _database;
    private readonly WriteBatcher _batcher;
    private bool _isDisposed;

    /// <summary>Creates a store; its first call connects.</summary>
    /// <param name="connectionString">
    /// A connection string of Npgsql that names a host, such as <c>Host=localhost;Database=linktrees;Username=node</c>.
    /// The database must exist.
    /// </param>
    /// <param name="options">
    /// The task's settings. <see cref="DbSharingOptions.TaskId"/>, <see cref="DbSharingOptions.LinktreesPerAuthor"/>,
    /// <see cref="DbSharingOptions.MaxRecords"/>, <see cref="DbSharingOptions.MaxBytes"/>,
    /// <see cref="DbSharingOptions.MaxClockSkew"/>, <see cref="DbSharingOptions.MaxRetainedChanges"/> and
    /// <see cref="DbSharingOptions.ChangeRetention"/> are read here; later changes have no effect.
    /// </param>
    /// <param name="timeProvider">
    /// The clock of the delays between attempts. It is also compared with the clock of the server, which decides which
    /// records are in the future and how old a change is. Default: the system clock.
    /// </param>
    /// <param name="random">
    /// The jitter of those delays. It is used by one thread at a time. Default: a random seed.
    /// </param>
    /// <param name="logger">The log of what the store finds in the database. Default: none.</param>
    /// <exception cref="ArgumentException">
    /// The connection string is not one of Npgsql, does not name a host or multiplexes, the task id is empty, or an
    /// option is out of range.
    /// </exception>
    public PostgreSqlLinktreeStore(
        string connectionString,
        DbSharingOptions options,
        TimeProvider? timeProvider = null,
        Random? random = null,
        ILogger<PostgreSqlLinktreeStore>? logger = null)
        : this(DataSources.Create(connectionString, pooling: true), ownsDataSource: true, options, timeProvider, random, logger)
    {
    }

    /// <summary>Creates a store that uses connections of the application; its first call connects.</summary>
    /// <param name="dataSource">
    /// The source of connections. The caller owns it: it must not be disposed before the store.
    /// </param>
    /// <param name="options">
    /// <inheritdoc cref="PostgreSqlLinktreeStore(string, DbSharingOptions, TimeProvider, Random, ILogger{PostgreSqlLinktreeStore})" path="/param[@name='options']"/>
    /// </param>
    /// <param name="timeProvider">
    /// <inheritdoc cref="PostgreSqlLinktreeStore(string, DbSharingOptions, TimeProvider, Random, ILogger{PostgreSqlLinktreeStore})" path="/param[@name='timeProvider']"/>
    /// </param>
    /// <param name="random">
    /// <inheritdoc cref="PostgreSqlLinktreeStore(string, DbSharingOptions, TimeProvider, Random, ILogger{PostgreSqlLinktreeStore})" path="/param[@name='random']"/>
    /// </param>
    /// <param name="logger">The log of what the store finds in the database. Default: none.</param>
    /// <exception cref="ArgumentException">
    /// The data source multiplexes, the task id is empty, or an option is out of range.
    /// </exception>
    public PostgreSqlLinktreeStore(
        NpgsqlDataSource dataSource,
        DbSharingOptions options,
        TimeProvider? timeProvider = null,
        Random? random = null,
        ILogger<PostgreSqlLinktreeStore>? logger = null)
        : this(DataSources.Require(dataSource), ownsDataSource: false, options, timeProvider, random, logger)
    {
    }

    private PostgreSqlLinktreeStore(
        NpgsqlDataSource dataSource, bool ownsDataSource, DbSharingOptions options, TimeProvider? timeProvider, Random? random, ILogger? logger)
    {
        _dataSource = dataSource;
        _ownsDataSource = ownsDataSource;
        _settings = PostgreSqlStoreSettings.From(options);
        _logger = logger ?? NullLogger<PostgreSqlLinktreeStore>.Instance;
        _database = new PostgreSqlDatabase(dataSource, _settings, timeProvider ?? TimeProvider.System, random ?? new Random(), _logger);
        _batcher = new WriteBatcher((linktrees, cancellationToken) => PutAsync(new PutCommand(linktrees), cancellationToken), MaxRecordsPerTransaction);
    }

    /// <summary>Whether indexes find several records for most keys, for tests that the whole keys are compared.</summary>
    internal bool HasWeakKeys { get; init; }

    /// <summary>A clock in place of the server's, for tests.</summary>
    internal TimeProvider? ServerClock
    {
        init => _database.ServerClock = value;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(linktrees);
        foreach (var linktree in linktrees)
            ArgumentNullException.ThrowIfNull(linktree, nameof(linktrees));
        cancellationToken.ThrowIfCancellationRequested();
        if (linktrees.Count == 0)
            return [];

        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return await _batcher.PutAsync([.. linktrees], cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(
        IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return ReadAsync(
            (commands, indexKeys, token) => new StoreReader(commands, indexKeys).GetVersionsAsync(keys, token),
            cancellationToken,
            isDamageAbsent: true);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return ReadAsync((commands, keys, token) => new StoreReader(commands, keys).GetAsync(ids, token), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        return ReadAsync((commands, keys, token) => new StoreReader(commands, keys).ListAsync(query, token), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return ReadAsync((commands, _, token) => new ChangeReader(commands).ReadAsync(after, limit, token), cancellationToken);
    }

    /// <summary>
    /// Waits for the writes that are under way and closes the connections that the store opened. Reads that are under
    /// way complete.
    /// </summary>
    /// <returns>A task that completes when the connections are closed.</returns>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _batcher.Running.ConfigureAwait(false);
        if (_ownsDataSource)
            await _dataSource.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Does what <see cref="DisposeAsync"/> does, without waiting.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        if (_ownsDataSource)
            _dataSource.Dispose();
    }

    private ValueTask<IReadOnlyList<PutOutcome>> PutAsync(PutCommand put, CancellationToken cancellationToken) => _database.RunAsync(
        (connection, task, token) => put.ExecuteAsync(
            connection, task, KeysOf(task), _settings, _database.Now, DamagedRowsOf(connection, task), token),
        cancellationToken);

    private IndexKeys KeysOf(TaskRow task) => new(task.Seed, HasWeakKeys);

    private DamagedRows DamagedRowsOf(NpgsqlConnection connection, TaskRow task) => new(connection, task, KeysOf(task), _database.Now, _logger);

    /// <summary>
    /// Reads, and moves the rows that have to be moved first. A read that meets damage fails, unless damage is absence to it.
    /// </summary>
    private async ValueTask<T> ReadAsync<T>(
        Func<ReadCommands, IndexKeys, CancellationToken, ValueTask<T>> read, CancellationToken cancellationToken, bool isDamageAbsent = false)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        for (var attempt = 1; ; attempt++)
        {
            RowsToMoveException rows;
            try
            {
                return await _database.RunAsync(
                    (connection, task, token) => read(new ReadCommands(connection, task, _database.Now), KeysOf(task), token),
                    cancellationToken).ConfigureAwait(false);
            }
            catch (RowsToMoveException found)
            {
                rows = found;
            }

            await _database.RunAsync((connection, task, token) => MoveAsync(rows, connection, task, token), cancellationToken).ConfigureAwait(false);
            if (!rows.IsDue && (!isDamageAbsent || attempt == MaxAttemptsOfRead))
            {
                throw new LinktreeStoreException(
                    "A record in the database is damaged. It was moved to the table koii_dbsharing.damaged; the call can be made again.")
                {
                    IsTransient = true,
                };
            }
        }
    }

    private async ValueTask<int> MoveAsync(RowsToMoveException rows, NpgsqlConnection connection, TaskRow task, CancellationToken cancellationToken)
    {
        var damaged = DamagedRowsOf(connection, task);
        if (rows.AreRemovalsDamaged)
            await damaged.DiscardRemovalsAsync(cancellationToken).ConfigureAwait(false);
        return rows.IsDue
            ? await new PutDueCommand(_settings, _logger).ExecuteAsync(connection, task, _database.Now, cancellationToken).ConfigureAwait(false)
            : await damaged.MoveAsync(rows.Damaged, cancellationToken).ConfigureAwait(false);
    }
}
