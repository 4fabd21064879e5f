using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>Copies a database while it is in use. The copy is one state of it, and gets its name only when it is whole, checked and on the disk.</summary>
internal static class OnlineBackup
{
    /// <summary>4 MiB with pages of 4 KiB: between two of them the token is looked at.</summary>
    private const int PagesAtOnce = 1024;

    internal static void Run(SqliteStoreSettings settings, string path, bool overwrite, CancellationToken cancellationToken)
    {
        var partial = string.Create(CultureInfo.InvariantCulture, $"{path}.{Guid.NewGuid():N}.partial");
        try
        {
            using (var source = Open(settings.ConnectionString, settings.BusyTimeout))
            using (var copy = Open(new SqliteConnectionStringBuilder { DataSource = partial, Pooling = false }.ToString(), settings.BusyTimeout))
            {
                RefuseInUse(source, path, overwrite);
                Copy(source, copy, cancellationToken);

                // One file, which needs no log beside it to be read from wherever it is kept.
                SqliteStatement.Run(copy, "PRAGMA journal_mode = DELETE");
                if (IntegrityCheck.FindProblem(copy, cancellationToken) is { } problem)
                    throw new LinktreeStoreException($"The database '{settings.Path}' is damaged: {problem}. No backup was made. {SqliteErrors.WhatToDoWithDamage}");
            }

            File.Move(partial, path, overwrite);
        }
        catch (SqliteException failure)
        {
            var isOfTheSource = failure.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_BUSY;
            throw SqliteErrors.Explain(failure, isOfTheSource ? settings.Path : path, settings.BusyTimeout);
        }
        finally
        {
            foreach (var left in new[] { partial, partial + "-journal", partial + "-wal", partial + "-shm" }.Where(File.Exists))
                File.Delete(left);
        }
    }

    private static void RefuseInUse(SqliteConnection source, string path, bool overwrite)
    {
        if (path == raw.sqlite3_db_filename(source.Handle, "main").utf8_to_string())
            throw new ArgumentException($"'{path}' is the database itself. Give the backup a path of its own.", nameof(path));
        if (!overwrite && File.Exists(path))
            throw new IOException($"There is a file '{path}' already. Allow it to be overwritten, or give the backup another name.");
        if (File.Exists(path + "-wal"))
            throw new IOException($"There is a file '{path}-wal': something has '{path}' open as a database, or did not close it properly. Give the backup another name.");
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
        // A transaction that has read holds the state of its moment; without it each page that is written meanwhile would start the copy anew.
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
                code = raw.sqlite3_backup_step(backup, PagesAtOnce);
            }
            while (code == raw.SQLITE_OK);

            // What was wrong in a step is said again by the end.
            SqliteException.ThrowExceptionForRC(raw.sqlite3_backup_finish(backup), copy.Handle);
        }

        SqliteStatement.Run(source, "ROLLBACK");
    }
}
