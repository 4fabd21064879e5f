using Koii.DbSharing.PostgreSql;
using Npgsql;

namespace Koii.DbSharing;

/// <summary>
/// Lets one of the processes over a database run the rounds of a task: the one whose session holds an advisory lock. When that process ends, however it ends, the
/// database frees the lock with its session, and the next process to ask has it.
/// </summary>
/// <remarks>
/// <para>While the lease is held, one connection is kept for it and used every five seconds, so that its loss is noticed at once where the other side closes it, and
/// within ten seconds where it falls silent. The server is told to give up on a silent client after 15 (<c>tcp_keepalives_*</c> of the session), so that nobody else
/// has the lease before its loss is noticed here. A process that only asks keeps no connection.</para>
/// <para>The lock belongs to a session, so the connection must be one to the server itself, or to a pooler in session mode.</para>
/// <para>Safe for use by many threads. Dispose the lease to give it up for good.</para>
/// </remarks>
public sealed class PostgreSqlReplicationLease : IReplicationLease, IAsyncDisposable, IDisposable
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly bool _ownsDataSource;
    private readonly long _key;
    private readonly Retry _retry;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile LeaseSession? _session;
    private volatile bool _isDisposed;

    /// <summary>Makes a lease without connecting yet.</summary>
    /// <param name="connectionString">A connection string of Npgsql that names a host, such as <c>Host=localhost;Database=linktrees;Username=node</c>.</param>
    /// <param name="options">The task's settings. The task id is read: processes with the same one share the lease.</param>
    /// <param name="timeProvider">The clock of the pauses before another attempt. Default: the system's.</param>
    /// <param name="random">The jitter of those pauses. It is used by one thread at a time. Default: randomly seeded.</param>
    /// <exception cref="ArgumentException">The connection string is none, names no host or multiplexes, or the task id is empty.</exception>
    public PostgreSqlReplicationLease(string connectionString, DbSharingOptions options, TimeProvider? timeProvider = null, Random? random = null)
        : this(DataSources.Create(connectionString, pooling: false), ownsDataSource: true, options, timeProvider, random)
    {
    }

    /// <summary>Makes a lease over connections that the application provides, without connecting yet.</summary>
    /// <param name="dataSource">Where the connection comes from. It stays the caller's and must outlive the lease.</param>
    /// <param name="options"><inheritdoc cref="PostgreSqlReplicationLease(string, DbSharingOptions, TimeProvider, Random)" path="/param[@name='options']"/></param>
    /// <param name="timeProvider"><inheritdoc cref="PostgreSqlReplicationLease(string, DbSharingOptions, TimeProvider, Random)" path="/param[@name='timeProvider']"/></param>
    /// <param name="random"><inheritdoc cref="PostgreSqlReplicationLease(string, DbSharingOptions, TimeProvider, Random)" path="/param[@name='random']"/></param>
    /// <exception cref="ArgumentException">The data source multiplexes, or the task id is empty.</exception>
    public PostgreSqlReplicationLease(NpgsqlDataSource dataSource, DbSharingOptions options, TimeProvider? timeProvider = null, Random? random = null)
        : this(DataSources.Require(dataSource), ownsDataSource: false, options, timeProvider, random)
    {
    }

    private PostgreSqlReplicationLease(NpgsqlDataSource dataSource, bool ownsDataSource, DbSharingOptions options, TimeProvider? timeProvider, Random? random)
    {
        ArgumentNullException.ThrowIfNull(options);
        PostgreSqlStoreSettings.RequireTask(options);
        _dataSource = dataSource;
        _ownsDataSource = ownsDataSource;
        _key = AdvisoryKeys.LeaseOf(options.TaskId);
        _retry = new Retry(timeProvider ?? TimeProvider.System, random ?? new Random());
    }

    /// <inheritdoc/>
    public async ValueTask<IReplicationLeaseHandle?> TryAcquireAsync(CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_session is { Lost.IsCancellationRequested: false } held)
                return held;
            using var apart = AmbientTransaction.Suppress();
            return _session = await _retry.RunAsync(token => LeaseSession.TryOpenAsync(_dataSource, _key, token), cancellationToken).ConfigureAwait(false);
        }
        catch (NpgsqlException failure)
        {
            throw PostgreSqlErrors.Explain(failure);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Gives the lease up, if it is held, and closes its connection.</summary>
    /// <returns>When another process can have it.</returns>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _turn.WaitAsync().ConfigureAwait(false);
        _turn.Release();
        if (_session is { } session)
            await session.DisposeAsync().ConfigureAwait(false);
        if (_ownsDataSource)
            await _dataSource.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>As <see cref="DisposeAsync"/>, without waiting.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _session?.GiveUp();
        if (_ownsDataSource)
            _dataSource.Dispose();
    }
}
