using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// Checks a file that was not closed properly before it is used again. SQLite repeats the log by itself and is whole after the end of a process at any moment. It cannot know
/// whether a disk kept its promises when the power went, which is what the check is for.
/// </summary>
internal static class UncleanStop
{
    /// <summary>A log with something in it that no connection uses is what an unclean stop leaves: the last one to close removes it.</summary>
    internal static void CheckAfter(SqliteStoreSettings settings, CancellationToken cancellationToken)
    {
        using var connection = new SqliteConnection(settings.ConnectionString);
        connection.Open();
        var log = new FileInfo(raw.sqlite3_db_filename(connection.Handle, "main").utf8_to_string() + "-wal");
        if (!log.Exists || log.Length == 0 || !TryHaveAlone(connection))
            return;

        // Whether all is well is not known yet: with the log in its place, a next attempt to open checks again.
        _ = raw.sqlite3_db_config(connection.Handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);
        if (IntegrityCheck.FindProblem(connection, cancellationToken) is { } problem)
            throw new LinktreeStoreException($"The database '{settings.Path}' was not closed properly and is damaged: {problem}. {SqliteErrors.WhatToDoWithDamage}");
    }

    private static bool TryHaveAlone(SqliteConnection connection)
    {
        try
        {
            SqliteStatement.Run(connection, "PRAGMA locking_mode = EXCLUSIVE");
            SqliteStatement.Run(connection, "SELECT count(*) FROM sqlite_schema");
            return true;
        }
        catch (SqliteException inUse) when (inUse.SqliteErrorCode == raw.SQLITE_BUSY)
        {
            return false;
        }
    }
}
