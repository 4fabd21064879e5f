using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>Checks a file that was not closed properly before it is opened, unless another connection has it open.</summary>
/// <remarks>
/// After the end of a process SQLite replays the log and the file is whole. The check finds what SQLite cannot: a log that was
/// deleted or is damaged, and a disk that lost confirmed writes when the power failed.
/// </remarks>
internal static partial class OpeningCheck
{
    /// <exception cref="LinktreeStoreException">The file is damaged.</exception>
    internal static void Run(SqliteStoreSettings settings, TimeProvider timeProvider, ILogger logger, CancellationToken cancellationToken)
    {
        using var connection = new SqliteConnection(settings.ConnectionString);
        connection.Open();

        // The last connection to close removes the log.
        var logPath = raw.sqlite3_db_filename(connection.Handle, "main").utf8_to_string() + "-wal";
        var log = new FileInfo(logPath);
        var logLength = log.Exists ? log.Length : 0;
        if (!TryLockExclusively(connection))
            return;

        var wasOpen = WasOpen(connection);
        if (logLength == 0 && !wasOpen)
            return;

        // With the log kept in its place, the next attempt to open the file checks again until it is whole.
        StoreConnection.KeepLogOnClose(connection);
        if (!log.Exists && wasOpen)
            Log.LogMissing(logger, settings.Path);
        if (logLength > 0 && ReadLog(logPath, cancellationToken) is { LostTransactions: > 0 } content)
            Log.LogDamaged(logger, logPath, content.Transactions, content.LostTransactions);

        Log.CheckStarted(logger, settings.Path, logLength);
        var start = timeProvider.GetTimestamp();
        if (IntegrityCheck.FindStructuralProblem(connection, cancellationToken) is { } problem)
            throw SqliteErrors.Damaged(settings.Path, $"it was not closed properly, and {problem}");
        var elapsed = timeProvider.GetElapsedTime(start);
        Log.CheckEnded(logger, settings.Path, elapsed);
    }

    private static LogContent ReadLog(string path, CancellationToken cancellationToken)
    {
        try
        {
            return LogContent.Read(path, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // SQLite reads it too, and what it cannot read is reported then.
            return default;
        }
    }

    /// <summary>A file that was created but not opened by a store yet has no tables.</summary>
    private static bool WasOpen(SqliteConnection connection) =>
        ReadInt64(connection, "PRAGMA application_id") == SchemaScripts.ApplicationId
        && ReadInt64(connection, "SELECT coalesce(max(is_open), 0) FROM task") != 0;

    private static long ReadInt64(SqliteConnection connection, string sql)
    {
        using var statement = new SqliteStatement(connection, sql);
        return statement.Step() ? statement.GetInt64(0) : 0;
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

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1311,
            EventName = nameof(LogMissing),
            Level = LogLevel.Warning,
            Message = "The database '{Path}' was not closed properly, and its log '{Path}-wal' is missing: the newest records may be lost. "
                + "The node gets those that its peers have. Do not delete the -wal file of a database. (A file that was copied without the "
                + "store's backup also causes this line.)")]
        internal static partial void LogMissing(ILogger logger, string path);

        [LoggerMessage(
            EventId = 1312,
            EventName = nameof(LogDamaged),
            Level = LogLevel.Warning,
            Message = "The log '{Path}' is damaged: {Transactions} transactions were read, and {LostTransactions} after them are lost. The node "
                + "gets those of their records that its peers have. After a power failure, one transaction that is lost may have been in "
                + "progress; otherwise check the disk.")]
        internal static partial void LogDamaged(ILogger logger, string path, int transactions, int lostTransactions);

        [LoggerMessage(
            EventId = 1313,
            EventName = nameof(CheckStarted),
            Level = LogLevel.Information,
            Message = "The database '{Path}' was not closed properly. Its log of {Bytes} bytes is replayed and its structure checked before it "
                + "is used.")]
        internal static partial void CheckStarted(ILogger logger, string path, long bytes);

        [LoggerMessage(
            EventId = 1314,
            EventName = nameof(CheckEnded),
            Level = LogLevel.Information,
            Message = "The structure of the database '{Path}' is intact. The check took {Elapsed}.")]
        internal static partial void CheckEnded(ILogger logger, string path, TimeSpan elapsed);
    }
}
