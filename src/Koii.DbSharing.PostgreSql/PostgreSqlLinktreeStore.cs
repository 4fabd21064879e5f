using Koii.DbSharing.PostgreSql;
using Koii.DbSharing.Storage;
using Npgsql;

namespace Koii.DbSharing;

/// <summary>
/// Keeps records in a PostgreSQL database (15 or later), which any number of processes and tasks may share. A page is one statement and one round trip, and is on the
/// disk of the database when it is answered, whatever the server's default for <c>synchronous_commit</c>.
/// </summary>
/// <remarks>
/// <para>The first call opens the database: it creates the schema <c>koii_dbsharing</c> or brings it up to date, drops records that
/// <see cref="DbSharingOptions.MaxClockSkew"/> does not allow, and trims authors to <see cref="DbSharingOptions.LinktreesPerAuthor"/> (protocol §1). So does the next call
/// after one that lost its connection or found the database changed by something else.</para>
/// <para>Writers of a task take turns, in all processes together; readers wait for nobody. A lost connection, a restarting server and the like are met by up to
/// five more attempts within about two seconds; what still fails then is a <see cref="LinktreeStoreException"/> with <see cref="LinktreeStoreException.IsTransient"/>.
/// Where the connection is lost with the answer, a page that had been stored is found stored by the next attempt, and its records are answered as
/// <see cref="PutOutcome.Unchanged"/>.</para>
/// <para>A transaction of the caller's own (<see cref="System.Transactions.Transaction.Current"/>) is left alone: what a call answers stays, whatever becomes of it.</para>
/// <para>Dispose the store to give back the connections that it opened; a data source that was given to it stays the giver's.</para>
/// </remarks>
public sealed class PostgreSqlLinktreeStore : ILinktreeStore, ILinktreeChangeFeed, IAsyncDisposable, IDisposable
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly bool _ownsDataSource;
    private readonly PostgreSqlStoreSettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly TaskDatabase _database;
    private readonly WriteBatcher _queue;
    private bool _isDisposed;

    /// <summary>Makes a store without connecting yet.</summary>
    /// <param name="connectionString">
    /// A connection string of Npgsql that names a host, such as <c>Host=localhost;Database=linktrees;Username=node</c>. The database must exist.
    /// </param>
    /// <param name="options">The task's settings. The task id, the limits per author and in all, the clock's allowance, and what the feed keeps are read.</param>
    /// <param name="timeProvider">
    /// The clock that says what is in the future when the database is opened, how old a change is, and how long to pause before another attempt. Default: the system's.
    /// </param>
    /// <param name="random">The jitter of those pauses. It is used by one thread at a time. Default: randomly seeded.</param>
    /// <exception cref="ArgumentException">The connection string is none, names no host or multiplexes, the task id is empty, or an option is out of range.</exception>
    public PostgreSqlLinktreeStore(string connectionString, DbSharingOptions options, TimeProvider? timeProvider = null, Random? random = null)
        : this(DataSources.Create(connectionString, pooling: true), ownsDataSource: true, options, timeProvider, random)
    {
    }

    /// <summary>Makes a store over connections that the application provides, without connecting yet.</summary>
    /// <param name="dataSource">Where connections come from. It stays the caller's and must outlive the store.</param>
    /// <param name="options"><inheritdoc cref="PostgreSqlLinktreeStore(string, DbSharingOptions, TimeProvider, Random)" path="/param[@name='options']"/></param>
    /// <param name="timeProvider"><inheritdoc cref="PostgreSqlLinktreeStore(string, DbSharingOptions, TimeProvider, Random)" path="/param[@name='timeProvider']"/></param>
    /// <param name="random"><inheritdoc cref="PostgreSqlLinktreeStore(string, DbSharingOptions, TimeProvider, Random)" path="/param[@name='random']"/></param>
    /// <exception cref="ArgumentException">The data source multiplexes, the task id is empty, or an option is out of range.</exception>
    public PostgreSqlLinktreeStore(NpgsqlDataSource dataSource, DbSharingOptions options, TimeProvider? timeProvider = null, Random? random = null)
        : this(DataSources.Require(dataSource), ownsDataSource: false, options, timeProvider, random)
    {
    }

    private PostgreSqlLinktreeStore(NpgsqlDataSource dataSource, bool ownsDataSource, DbSharingOptions options, TimeProvider? timeProvider, Random? random)
    {
        _dataSource = dataSource;
        _ownsDataSource = ownsDataSource;
        _settings = PostgreSqlStoreSettings.From(options);
        _timeProvider = timeProvider ??= TimeProvider.System;
        _database = new TaskDatabase(dataSource, _settings, timeProvider, random ?? new Random());
        _queue = new WriteBatcher((linktrees, cancellationToken) => PutAsync(new PutPage(linktrees), cancellationToken));
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
        return await _queue.PutAsync([.. linktrees], cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return ReadAsync((reader, token) => reader.GetVersionsAsync(keys, token), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return ReadAsync((reader, token) => reader.GetAsync(ids, token), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        return ReadAsync((reader, token) => reader.ListAsync(query, token), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return ReadAsync((reader, token) => reader.ReadChangesAsync(after, limit, token), cancellationToken);
    }

    /// <summary>Waits for the pages that are being stored and closes the connections that the store opened. Reads that are under way end as they would have.</summary>
    /// <returns>When they are closed.</returns>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _queue.Running.ConfigureAwait(false);
        if (_ownsDataSource)
            await _dataSource.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>As <see cref="DisposeAsync"/>, without waiting.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        if (_ownsDataSource)
            _dataSource.Dispose();
    }

    private ValueTask<IReadOnlyList<PutOutcome>> PutAsync(PutPage page, CancellationToken cancellationToken) =>
        _database.RunAsync((connection, task, token) => page.PutAsync(connection, task, _settings, _timeProvider.GetUtcNow(), token), cancellationToken);

    private ValueTask<T> ReadAsync<T>(Func<PageReader, CancellationToken, ValueTask<T>> read, CancellationToken cancellationToken) =>
        _isDisposed
            ? throw new ObjectDisposedException(typeof(PostgreSqlLinktreeStore).FullName)
            : _database.RunAsync((connection, task, token) => read(new PageReader(connection, task), token), cancellationToken);
}
