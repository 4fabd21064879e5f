using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>A session that holds a task's advisory lock, and detects the loss of its connection.</summary>
internal sealed class LeaseSession : IReplicationLeaseHandle
{
    /// <summary>
    /// How long the connection is idle before it is tested, and how long the response may take, in seconds.
    /// </summary>
    private const int TestSeconds = 5;

    // A server that is read-only may be a standby, which has locks of its own. A client that is stopped keeps its
    // connection, and is noticed because it no longer tests it.
    private const string AcquireSql =
        """
        WITH lease AS MATERIALIZED (
            SELECT CASE WHEN current_setting('transaction_read_only') = 'off' THEN pg_try_advisory_lock($1) END AS is_acquired
        )
        SELECT is_acquired, (
            SELECT count(set_config(name, value, false))
            FROM (VALUES ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '2'),
                ('idle_session_timeout', '15s')) AS wanted (name, value)
            JOIN pg_settings USING (name)
            WHERE is_acquired)
        FROM lease
        """;

    // A connection that returns to a pool keeps its session, and the session its locks and settings.
    private const string ReleaseSql =
        """
        SELECT pg_advisory_unlock($1), (
            SELECT count(set_config(name, reset_val, false)) FROM pg_settings
            WHERE name IN ('tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count', 'idle_session_timeout'))
        """;

    private readonly NpgsqlConnection _connection;
    private readonly long _key;
    private readonly CancellationTokenSource _released = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Task _testing;

    private LeaseSession(NpgsqlConnection connection, long key)
    {
        _connection = connection;
        _key = key;
        Lost = _lost.Token;
        _testing = TestUntilLostAsync();
    }

    /// <inheritdoc/>
    public CancellationToken Lost { get; }

    /// <summary>
    /// Acquires the lock on a connection of its own; returns <see langword="null"/> if another session has it.
    /// </summary>
    internal static async ValueTask<LeaseSession?> TryOpenAsync(NpgsqlDataSource dataSource, long key, CancellationToken cancellationToken)
    {
        var connection = await DataSources.OpenAsync(dataSource, cancellationToken).ConfigureAwait(false);
        try
        {
            var acquire = new NpgsqlCommand(AcquireSql, connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = key } } };
            await using var end = acquire.ConfigureAwait(false);
            var isAcquired = await acquire.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
            if (isAcquired is true)
                return new LeaseSession(connection, key);
            if (isAcquired is not false)
            {
                dataSource.Clear();
                throw new LinktreeStoreException(PostgreSqlErrors.ReadOnly);
            }
        }
        catch
        {
            // The session may have the lock although the response is missing.
            await CloseAsync(connection, key).ConfigureAwait(false);
            throw;
        }

        await connection.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    /// <summary>Starts to release the lock, without waiting for it.</summary>
    internal void Release()
    {
        _lost.Cancel();
        _released.Cancel();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Release();
        await _testing.ConfigureAwait(false);
    }

    /// <summary>Never throws: any failure of the connection ends the lease.</summary>
    private async Task TestUntilLostAsync()
    {
        try
        {
            while (true)
            {
                // No notification is expected: the wait ends early only with the connection.
                await _connection.WaitAsync(TimeSpan.FromSeconds(TestSeconds), _released.Token).ConfigureAwait(false);
                var test = new NpgsqlCommand("SELECT 1", _connection) { CommandTimeout = TestSeconds };
                await using var end = test.ConfigureAwait(false);
                await test.ExecuteScalarAsync(_released.Token).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // Lost or released; the token reports it to the holder.
            _lost.Cancel();
        }

        await CloseAsync(_connection, _key).ConfigureAwait(false);
    }

    private static async Task CloseAsync(NpgsqlConnection connection, long key)
    {
        try
        {
            var release = new NpgsqlCommand(ReleaseSql, connection)
            {
                CommandTimeout = TestSeconds,
                Parameters = { new NpgsqlParameter<long> { TypedValue = key } },
            };
            await using var end = release.ConfigureAwait(false);
            await release.ExecuteScalarAsync().ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is NpgsqlException or InvalidOperationException)
        {
            // The connection is closed or broken: the server has released the lock or will.
        }

        await connection.DisposeAsync().ConfigureAwait(false);
    }
}
