using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// A prepared statement on the handle of the driver. <see cref="SqliteCommand"/> allocates and looks up each parameter
/// by name at each execution, which costs more than SQLite itself needs for the short statements of a store.
/// </summary>
/// <remarks>
/// A statement that has completed or failed can be bound and run again; one that is abandoned earlier needs
/// <see cref="Reset"/>.
/// </remarks>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    internal SqliteStatement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    /// <summary>Runs a statement once.</summary>
    internal static void Run(SqliteConnection connection, string sql)
    {
        using var statement = new SqliteStatement(connection, sql);
        statement.Execute();
    }

    internal SqliteStatement Bind(int parameter, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, parameter, value));
        return this;
    }

    /// <summary>Binds a copy of the bytes.</summary>
    internal SqliteStatement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(_statement, parameter, value));
        return this;
    }

    /// <summary>Advances to the next row; returns <see langword="false"/> at the end.</summary>
    internal bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW)
            return true;

        // The error message belongs to the last call on the connection, so it is read before the reset.
        try
        {
            if (code != raw.SQLITE_DONE)
                Check(code);
        }
        finally
        {
            Reset();
        }

        return false;
    }

    /// <summary>Runs a statement to its end.</summary>
    internal void Execute()
    {
        while (Step())
        {
        }
    }

    /// <summary>
    /// Runs a statement that returns no rows; returns <see langword="false"/> if another connection has the lock that
    /// it needs.
    /// </summary>
    internal bool TryExecute()
    {
        var code = raw.sqlite3_step(_statement);
        try
        {
            // The low byte is the kind of the error; the bytes above it are the details.
            if (code != raw.SQLITE_DONE && (code & 0xFF) != raw.SQLITE_BUSY)
                Check(code);
            return code == raw.SQLITE_DONE;
        }
        finally
        {
            Reset();
        }
    }

    internal void Reset() => _ = raw.sqlite3_reset(_statement);

    internal long GetInt64(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>Returns the bytes of a blob, valid until the next <see cref="Step"/> or <see cref="Reset"/>.</summary>
    internal ReadOnlySpan<byte> GetBlob(int column) => raw.sqlite3_column_blob(_statement, column);

    internal string GetText(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    /// <inheritdoc/>
    public void Dispose() => _statement.Dispose();

    private void Check(int code)
    {
        if (code == raw.SQLITE_OK)
            return;

        // A file that was opened before its disk became read-only reports an I/O error.
        if ((code & 0xFF) == raw.SQLITE_IOERR && NativeSqlite.IsReadOnlyDisk(_database))
            throw new SqliteException("The disk is read-only.", raw.SQLITE_READONLY, raw.SQLITE_READONLY);
        SqliteException.ThrowExceptionForRC(code, _database);
    }
}
