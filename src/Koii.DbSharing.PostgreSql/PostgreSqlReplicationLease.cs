using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Koii.DbSharing.PostgreSql;
using Npgsql;

namespace Koii.DbSharing;

/// <summary>
/// Lets one of the processes that share a database run the rounds of a task: the one whose session holds an advisory
/// lock. When that process ends, in whatever way, the database releases the lock with its session, and the next process
/// that asks acquires it.
/// </summary>
/// <remarks>
/// <para>While the lease is held, one connection is reserved for it and tested every five seconds, so its loss is
/// detected at once if the other side closes it, and within ten seconds if it stops responding. The server closes the
/// session of a silent client after 15 seconds (<c>tcp_keepalives_*</c> and <c>idle_session_timeout</c> of the session),
/// so no other process acquires the lease before its loss is detected here, and a process that is stopped or hangs does
/// not keep it. A process that fails to acquire the lease keeps no connection. A server that is read-only has no lease
/// to acquire: the call throws a <see cref="LinktreeStoreException"/>.</para>
/// <para>The lock belongs to a session, so the connection must go to the server itself, or to a pooler in session
/// mode.</para>
/// <para>Safe for use by many threads. Disposing releases the lease permanently.</para>
/// </remarks>
public sealed class PostgreSqlReplicationLease : IReplicationLease, IAsyncDisposable, IDisposable
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly bool _ownsDataSource;
    private readonly long _key;
    private readonly Retry _retry;
    private readonly SemaphoreSlim _lock = new(1, 1);
    private volatile LeaseSession? _session;
    private volatile bool _isDisposed;

    /// <summary>Creates a lease; it connects when it is first acquired.</summary>
    /// <param name="connectionString">
    /// A connection string of Npgsql that names a host, such as <c>Host=localhost;Database=linktrees;Username=node</c>.
    /// </param>
    /// <param name="options">
    /// The task's settings. <see cref="DbSharingOptions.TaskId"/> is read here: processes with the same one share the
    /// lease.
    /// </param>
    /// <param name="timeProvider">The clock of the delays between attempts. Default: the system clock.</param>
    /// <param name="random">
    /// The jitter of those delays. It is used by one thread at a time. Default: a random seed.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The connection string is not one of Npgsql, does not name a host or multiplexes, or the task id is empty.
    /// </exception>
    public PostgreSqlReplicationLease(string connectionString, DbSharingOptions options, TimeProvider? timeProvider = null, Random? random = null)
        : this(DataSources.Create(connectionString, pooling: false), ownsDataSource: true, options, timeProvider, random)
    {
    }

    /// <summary>
    /// Creates a lease that uses connections of the application; it connects when it is first acquired.
    /// </summary>
    /// <param name="dataSource">
    /// The source of the connection. The caller owns it: it must not be disposed before the lease.
    /// </param>
    /// <param name="options">
    /// <inheritdoc cref="PostgreSqlReplicationLease(string, DbSharingOptions, TimeProvider, Random)" path="/param[@name='options']"/>
    /// </param>
    /// <param name="timeProvider">
    /// <inheritdoc cref="PostgreSqlReplicationLease(string, DbSharingOptions, TimeProvider, Random)" path="/param[@name='timeProvider']"/>
    /// </param>
    /// <param name="random">
    /// <inheritdoc cref="PostgreSqlReplicationLease(string, DbSharingOptions, TimeProvider, Random)" path="/param[@name='random']"/>
    /// </param>
    /// <exception cref="ArgumentException">The data source multiplexes, or the task id is empty.</exception>
    public PostgreSqlReplicationLease(
        NpgsqlDataSource dataSource, DbSharingOptions options, TimeProvider? timeProvider = null, Random? random = null)
        : this(DataSources.Require(dataSource), ownsDataSource: false, options, timeProvider, random)
    {
    }

    private PostgreSqlReplicationLease(
        NpgsqlDataSource dataSource, bool ownsDataSource, DbSharingOptions options, TimeProvider? timeProvider, Random? random)
    {
        ArgumentNullException.ThrowIfNull(options);
        PostgreSqlStoreSettings.RequireTask(options);
        _dataSource = dataSource;
        _ownsDataSource = ownsDataSource;
        _key = LockKeyOf(options.TaskId);
        _retry = new Retry(timeProvider ?? TimeProvider.System, random ?? new Random());
    }

    /// <inheritdoc/>
    public async ValueTask<IReplicationLeaseHandle?> TryAcquireAsync(CancellationToken cancellationToken = default)
    {
        await _lock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_session is { Lost.IsCancellationRequested: false } held)
                return held;
            return _session = await _retry
                .RunAsync(token => LeaseSession.TryOpenAsync(_dataSource, _key, token), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _lock.Release();
        }
    }

    /// <summary>Releases the lease if it is held, and closes its connection.</summary>
    /// <returns>A task that completes when another process can acquire the lease.</returns>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _lock.WaitAsync().ConfigureAwait(false);
        _lock.Release();
        if (_session is { } session)
            await session.DisposeAsync().ConfigureAwait(false);
        if (_ownsDataSource)
            await _dataSource.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Does what <see cref="DisposeAsync"/> does, without waiting.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _session?.Release();
        if (_ownsDataSource)
            _dataSource.Dispose();
    }

    /// <summary>A hash, since all applications of a database share the numbers of advisory locks.</summary>
    private static long LockKeyOf(string taskId) =>
        BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes("koii-dbsharing/lease/" + taskId)));
}
