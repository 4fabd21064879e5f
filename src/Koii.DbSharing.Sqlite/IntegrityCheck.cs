using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// Checks the structure of a database and, for a copy that is to be relied on, compares its tables with each other and with
/// their indexes.
/// </summary>
internal static class IntegrityCheck
{
    /// <summary>
    /// How many instructions of SQLite's virtual machine run between two checks of the cancellation token.
    /// </summary>
    private const int InstructionsBetweenChecks = 1000;

    /// <summary>
    /// What no index and no constraint guarantees: an identity has one row, a record has data, and a task has as many records
    /// as it counts. The first query finds equal hashes in the index and compares whole keys only for those.
    /// </summary>
    private static readonly (string Sql, string Problem)[] Rules =
    [
        (
            """
            SELECT 1 FROM (
                SELECT task, substr(author, 1, 8) AS prefix, uuid_hash AS hash FROM linktree GROUP BY 1, 2, 3 HAVING count(*) > 1
            ) same
            JOIN linktree l ON l.task = same.task AND substr(l.author, 1, 8) = same.prefix AND l.uuid_hash = same.hash
            GROUP BY l.task, l.author, l.uuid HAVING count(*) > 1 LIMIT 1
            """,
            "an identity is stored twice"),
        ("SELECT 1 FROM linktree l WHERE NOT EXISTS (SELECT 1 FROM linktree_data d WHERE d.row = l.row) LIMIT 1", "a record has no data"),
        ("SELECT 1 FROM linktree_data d WHERE NOT EXISTS (SELECT 1 FROM linktree l WHERE l.row = d.row) LIMIT 1", "data belongs to no record"),
        (
            """
            SELECT 1 FROM task t WHERE (t.records, t.bytes) <> (SELECT count(*), coalesce(sum(size), 0) FROM (
                SELECT size FROM linktree WHERE task = t.task UNION ALL SELECT size FROM withheld WHERE task = t.task)) LIMIT 1
            """,
            "a task counts other records than it has"),
    ];

    /// <summary>Reads everything; returns the first problem, or <see langword="null"/>.</summary>
    internal static string? FindProblem(SqliteConnection connection, CancellationToken cancellationToken) =>
        FindProblem(connection, "PRAGMA integrity_check(1)", isComparing: true, cancellationToken);

    private static string? FindProblem(SqliteConnection connection, string check, bool isComparing, CancellationToken cancellationToken)
    {
        raw.sqlite3_progress_handler(
            connection.Handle, InstructionsBetweenChecks, _ => cancellationToken.IsCancellationRequested ? 1 : 0, null);
        try
        {
            using (var statement = new SqliteStatement(connection, check))
            {
                if (statement.Step() && statement.GetText(0) is var result && result != "ok")
                    return result;
            }

            return isComparing && HasTables(connection) ? FindBrokenRule(connection) : null;
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode == raw.SQLITE_CORRUPT)
        {
            return failure.Message;
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode == raw.SQLITE_INTERRUPT)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            raw.sqlite3_progress_handler(connection.Handle, 0, null!, null);
        }
    }

    /// <summary>
    /// Checks the structure of a file that was not closed properly. After the end of a process SQLite repeats the log and the
    /// file is whole; the check finds what SQLite cannot: a disk that lost confirmed writes when the power failed.
    /// </summary>
    /// <remarks>
    /// It takes a fraction of the time of the whole check. Rows are verified when they are read.
    /// </remarks>
    /// <exception cref="LinktreeStoreException">The file is damaged.</exception>
    internal static void RunAfterUncleanStop(SqliteStoreSettings settings, CancellationToken cancellationToken)
    {
        using var connection = new SqliteConnection(settings.ConnectionString);
        connection.Open();

        // The last connection to close removes the log, so a log that has content and no connection means an unclean
        // stop.
        var log = new FileInfo(raw.sqlite3_db_filename(connection.Handle, "main").utf8_to_string() + "-wal");
        if (!log.Exists || log.Length == 0 || !TryLockExclusively(connection))
            return;

        // With the log kept in its place, the next attempt to open the file checks again until it is whole.
        _ = raw.sqlite3_db_config(connection.Handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);
        if (FindProblem(connection, "PRAGMA quick_check(1)", isComparing: false, cancellationToken) is { } problem)
        {
            throw new LinktreeStoreException(
                $"The database '{settings.Path}' was not closed properly and is damaged: {problem}. {SqliteErrors.WhatToDoWithDamage}");
        }
    }

    /// <summary>A file that was created but not opened by a store yet has no tables.</summary>
    private static bool HasTables(SqliteConnection connection)
    {
        using var statement = new SqliteStatement(connection, "SELECT 1 FROM sqlite_schema WHERE name = 'linktree_data'");
        var hasTables = statement.Step();
        statement.Reset();
        return hasTables;
    }

    private static string? FindBrokenRule(SqliteConnection connection)
    {
        foreach (var (sql, problem) in Rules)
        {
            using var statement = new SqliteStatement(connection, sql);
            if (statement.Step())
                return problem;
        }

        return null;
    }

    private static bool TryLockExclusively(SqliteConnection connection)
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
