using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>One connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class LinktreeConnection : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly List<SqliteStatement> _statements = [];
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;

    /// <summary>Opens the file; <paramref name="cacheKilobytes"/> is the most that the connection keeps of it in memory.</summary>
    internal LinktreeConnection(SqliteStoreSettings settings, int cacheKilobytes)
    {
        _connection = new SqliteConnection(settings.ConnectionString);
        try
        {
            _connection.Open();

            // SQLite's own waiting is used everywhere, since statements do not go through the driver's commands and their retries.
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

    /// <summary>How long a statement waits, on its thread, for a lock of another connection before it reports a busy database.</summary>
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

    internal long LastInsertedRow => raw.sqlite3_last_insert_rowid(_connection.Handle);

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

    /// <summary>Ends the transaction without effect, whatever state an exception has left it in; answers whether the connection is still good.</summary>
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
