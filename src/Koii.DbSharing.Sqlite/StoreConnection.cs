using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// A connection to the store's file, with its prepared statements. Not safe for use by many threads at once.
/// </summary>
internal sealed class StoreConnection : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly List<SqliteStatement> _statements = [];
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;

    /// <summary>
    /// Opens the file; the connection caches at most <paramref name="cacheKilobytes"/> of it in memory.
    /// </summary>
    internal StoreConnection(SqliteStoreSettings settings, int cacheKilobytes)
    {
        _connection = new SqliteConnection(settings.ConnectionString);
        try
        {
            _connection.Open();

            // The busy time-out of SQLite itself: statements do not use the driver's commands, which retry on their own.
            SetBusyTimeout(settings.BusyTimeout);
            Execute($"PRAGMA cache_size = -{cacheKilobytes}");
            _commit = Prepare("COMMIT");
            _rollback = Prepare("ROLLBACK");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Sets how long a statement waits, on its thread, for a lock of another connection before it reports a busy
    /// database.
    /// </summary>
    internal void SetBusyTimeout(TimeSpan timeout) => _ = raw.sqlite3_busy_timeout(_connection.Handle, (int)timeout.TotalMilliseconds);

    /// <summary>Prepares a statement that lives as long as the connection.</summary>
    internal SqliteStatement Prepare(string sql)
    {
        var statement = new SqliteStatement(_connection, sql);
        _statements.Add(statement);
        return statement;
    }

    /// <summary>Runs a single statement once.</summary>
    internal void Execute(string sql) => SqliteStatement.Run(_connection, sql);

    /// <summary>Runs several statements once.</summary>
    internal void ExecuteScript(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    internal long ReadInt64(string sql)
    {
        using var statement = new SqliteStatement(_connection, sql);
        return statement.Step() ? statement.GetInt64(0) : 0;
    }

    internal string ReadText(string sql)
    {
        using var statement = new SqliteStatement(_connection, sql);
        return statement.Step() ? statement.GetText(0) : "";
    }

    internal void Commit() => _commit.Execute();

    /// <summary>
    /// Rolls back the transaction, whatever state an exception has left it in; returns <see langword="false"/> if the
    /// connection is no longer usable.
    /// </summary>
    internal bool TryRollBack()
    {
        foreach (var statement in _statements)
            statement.Reset();
        try
        {
            // Some failures have rolled back already.
            if (raw.sqlite3_get_autocommit(_connection.Handle) == 0)
                _rollback.Execute();
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var statement in _statements)
            statement.Dispose();
        _connection.Dispose();
    }
}
