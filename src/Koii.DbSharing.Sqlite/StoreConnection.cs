using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// A connection to the store's file, with its prepared statements. Not safe for use by many threads at once.
/// </summary>
internal sealed class StoreConnection : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly bool _isReader;
    private readonly List<SqliteStatement> _statements = [];
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;

    /// <summary>
    /// Opens the file; the connection caches at most <paramref name="cacheKilobytes"/> of it in memory. A reader does not write, and
    /// does not create a file.
    /// </summary>
    internal StoreConnection(SqliteStoreSettings settings, int cacheKilobytes, bool isReader = false)
    {
        _isReader = isReader;
        _connection = new SqliteConnection(isReader ? settings.ReadingConnectionString : settings.ConnectionString);
        try
        {
            _connection.Open();
            Path = raw.sqlite3_db_filename(_connection.Handle, "main").utf8_to_string();

            // The busy time-out of SQLite itself: statements do not use the driver's commands, which retry on their own.
            SetBusyTimeout(settings.BusyTimeout);
            if (isReader)
            {
                KeepLogOnClose(_connection);
                Execute("PRAGMA query_only = ON");
            }

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

    /// <summary>The path of the file, with symbolic links resolved.</summary>
    internal string Path { get; } = "";

    /// <summary>
    /// Leaves the log to the writer. A connection that reads may be the only one of a file that has replaced the writer's, and SQLite
    /// would write the log of the writer's file into it when the connection is closed.
    /// </summary>
    internal static void KeepLogOnClose(SqliteConnection connection) =>
        _ = raw.sqlite3_db_config(connection.Handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);

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

    /// <summary>Whether the database was deleted or moved since it was opened, or another file has replaced it.</summary>
    internal bool HasMoved => NativeSqlite.HasMoved(_connection.Handle!);

    /// <summary>Commits, if what is written stays within reach: in files that are at their paths.</summary>
    /// <exception cref="FilesMovedException">A file is not at its path. Nothing was committed.</exception>
    internal void Commit()
    {
        // Other processes, and this one after a restart, would open other files than the ones that this connection has open.
        if (!_isReader && (HasMoved || !File.Exists(Path + "-wal") || !File.Exists(Path + "-shm")))
            throw new FilesMovedException();
        _commit.Execute();
    }

    /// <summary>Returns how many pages this connection has written since the last call.</summary>
    internal int TakePagesWritten()
    {
        _ = raw.sqlite3_db_status(_connection.Handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, 1);
        return pages;
    }

    /// <summary>
    /// Moves as much of the log into the database as no reader needs in the log; returns how many pages are in the log, moved or not.
    /// </summary>
    internal int Checkpoint()
    {
        var code = raw.sqlite3_wal_checkpoint_v2(_connection.Handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out var pages, out _);
        if (code is not (raw.SQLITE_OK or raw.SQLITE_BUSY))
            SqliteException.ThrowExceptionForRC(code, _connection.Handle);
        return pages;
    }

    /// <summary>
    /// Moves the log into the database and leaves it empty; returns <see langword="false"/> if another connection still reads from it.
    /// </summary>
    internal bool TryEmptyLog()
    {
        var code = raw.sqlite3_wal_checkpoint_v2(_connection.Handle, "main", raw.SQLITE_CHECKPOINT_TRUNCATE, out _, out _);
        if (code is not (raw.SQLITE_OK or raw.SQLITE_BUSY))
            SqliteException.ThrowExceptionForRC(code, _connection.Handle);
        return code == raw.SQLITE_OK;
    }

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
