using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// Copies a database while it is in use. The copy is one state of the database, and gets its name only when it is
/// complete, checked and on disk.
/// </summary>
internal static class OnlineBackup
{
    /// <summary>4 MiB with pages of 4 KiB; the cancellation token is checked between two steps.</summary>
    private const int PagesPerStep = 1024;

    internal static void Run(SqliteStoreSettings settings, string path, bool overwrite, CancellationToken cancellationToken)
    {
        var partial = string.Create(CultureInfo.InvariantCulture, $"{path}.{Guid.NewGuid():N}.partial");
        try
        {
            using (var source = Open(settings.ReadingConnectionString, settings.BusyTimeout))
            using (var copy = Open(new SqliteConnectionStringBuilder { DataSource = partial, Pooling = false }.ToString(), settings.BusyTimeout))
            {
                StoreConnection.KeepLogOnClose(source);
                RequireFreePath(source, path, overwrite);
                Copy(source, copy, cancellationToken);

                // No store has the copy open.
                SqliteStatement.Run(copy, "UPDATE task SET is_open = 0");

                // One file, which can be read without a log beside it, also from a read-only medium.
                SqliteStatement.Run(copy, "PRAGMA journal_mode = DELETE");
                if (IntegrityCheck.FindProblem(copy, cancellationToken) is { } problem)
                {
                    throw new LinktreeStoreException(
                        $"The database '{settings.Path}' is damaged: {problem}. No backup was made. {SqliteErrors.WhatToDoWithDamage}");
                }
            }

            File.Move(partial, path, overwrite);
        }
        catch (SqliteException failure)
        {
            var isSource = failure.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_BUSY;
            throw SqliteErrors.Explain(failure, isSource ? settings.Path : path, settings.BusyTimeout);
        }
        finally
        {
            foreach (var file in new[] { partial, partial + "-journal", partial + "-wal", partial + "-shm" }.Where(File.Exists))
                File.Delete(file);
        }
    }

    private static void RequireFreePath(SqliteConnection source, string path, bool overwrite)
    {
        if (path == raw.sqlite3_db_filename(source.Handle, "main").utf8_to_string())
            throw new ArgumentException($"'{path}' is the database itself. Choose another path for the backup.", nameof(path));
        if (!overwrite && File.Exists(path))
            throw new IOException($"The file '{path}' exists already. Set overwrite to true, or choose another path for the backup.");
        if (File.Exists(path + "-wal"))
        {
            throw new IOException(
                $"The file '{path}-wal' exists: a program has '{path}' open as a database, or did not close it properly. "
                + "Choose another path for the backup.");
        }
    }

    private static SqliteConnection Open(string connectionString, TimeSpan busyTimeout)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            _ = raw.sqlite3_busy_timeout(connection.Handle, (int)busyTimeout.TotalMilliseconds);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Copy(SqliteConnection source, SqliteConnection copy, CancellationToken cancellationToken)
    {
        // A transaction that has read keeps the state of that time; without it each page that is written meanwhile
        // would restart the copy.
        SqliteStatement.Run(source, "BEGIN");
        SqliteStatement.Run(source, "SELECT count(*) FROM sqlite_schema");
        using (var backup = raw.sqlite3_backup_init(copy.Handle, "main", source.Handle, "main"))
        {
            if (backup.IsInvalid)
                SqliteException.ThrowExceptionForRC(raw.sqlite3_errcode(copy.Handle), copy.Handle);
            int code;
            do
            {
                cancellationToken.ThrowIfCancellationRequested();
                code = raw.sqlite3_backup_step(backup, PagesPerStep);
            }
            while (code == raw.SQLITE_OK);

            // It returns the error of the last step again.
            SqliteException.ThrowExceptionForRC(raw.sqlite3_backup_finish(backup), copy.Handle);
        }

        SqliteStatement.Run(source, "ROLLBACK");
    }
}
