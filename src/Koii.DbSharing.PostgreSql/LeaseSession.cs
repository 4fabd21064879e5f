using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>A session that holds a task's advisory lock, and watches whether it still does.</summary>
internal sealed class LeaseSession : IReplicationLeaseHandle
{
    /// <summary>How long the connection lies idle before it is tried, and how long the answer may take, in seconds.</summary>
    private const int Watch = 5;

    private const string AcquireSql =
        """
        SELECT pg_try_advisory_lock($1), (
            SELECT count(set_config(name, value, false))
            FROM (VALUES ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '2')) AS wanted (name, value)
            JOIN pg_settings USING (name))
        """;

    private readonly NpgsqlConnection _connection;
    private readonly long _key;
    private readonly CancellationTokenSource _givenUp = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Task _watching;

    private LeaseSession(NpgsqlConnection connection, long key)
    {
        _connection = connection;
        _key = key;
        Lost = _lost.Token;
        _watching = WatchAsync();
    }

    /// <inheritdoc/>
    public CancellationToken Lost { get; }

    /// <summary>Acquires the lock on a connection of its own, or answers <see langword="null"/> where another session has it.</summary>
    internal static async ValueTask<LeaseSession?> TryOpenAsync(NpgsqlDataSource dataSource, long key, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var acquire = new NpgsqlCommand(AcquireSql, connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = key } } };
            await using var end = acquire.ConfigureAwait(false);
            if (await acquire.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true)
                return new LeaseSession(connection, key);
        }
        catch
        {
            // Its answer may have been that the lock is ours.
            await CloseAsync(connection, key).ConfigureAwait(false);
            throw;
        }

        await connection.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    /// <summary>Begins to give the lock up.</summary>
    internal void GiveUp()
    {
        _lost.Cancel();
        _givenUp.Cancel();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        GiveUp();
        await _watching.ConfigureAwait(false);
    }

    /// <summary>Never throws: whatever ends the connection ends the lease.</summary>
    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                // Nobody notifies us: what ends the wait early is the end of the connection.
                await _connection.WaitAsync(TimeSpan.FromSeconds(Watch), _givenUp.Token).ConfigureAwait(false);
                var ask = new NpgsqlCommand("SELECT 1", _connection) { CommandTimeout = Watch };
                await using var end = ask.ConfigureAwait(false);
                await ask.ExecuteScalarAsync(_givenUp.Token).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // Lost or given up; there is nobody here to tell but who holds the token.
            _lost.Cancel();
        }

        await CloseAsync(_connection, _key).ConfigureAwait(false);
    }

    private static async Task CloseAsync(NpgsqlConnection connection, long key)
    {
        try
        {
            // A connection that goes back to a pool keeps its session, and the session its locks.
            var release = new NpgsqlCommand("SELECT pg_advisory_unlock($1)", connection) { CommandTimeout = Watch, Parameters = { new NpgsqlParameter<long> { TypedValue = key } } };
            await using var end = release.ConfigureAwait(false);
            await release.ExecuteScalarAsync().ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is NpgsqlException or InvalidOperationException)
        {
            // The connection is closed or broken: the server has freed the lock or will.
        }

        await connection.DisposeAsync().ConfigureAwait(false);
    }
}
