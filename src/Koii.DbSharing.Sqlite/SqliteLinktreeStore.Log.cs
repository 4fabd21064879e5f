using Koii.DbSharing.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing;

/// <content>Keeps the write-ahead log short.</content>
public sealed partial class SqliteLinktreeStore
{
    /// <summary>After this time without a write the log is moved into the database and emptied.</summary>
    internal static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(5);

    /// <summary>How long a write waits for the reads that still use a log that has reached its bound.</summary>
    private static readonly TimeSpan MaxWaitForReads = TimeSpan.FromMilliseconds(250);

    /// <summary>Shortens the log after a write. The write is committed, so a failure is logged and not thrown.</summary>
    private async ValueTask ShortenLogUnderWriteLockAsync(SqliteDatabase database)
    {
        try
        {
            if (database.Checkpoints.RunAfterCommit())
                await LockRetry.RunAsync(database.TryEmptyLog, MaxWaitForReads, _timeProvider, default).ConfigureAwait(false);
        }
        catch (SqliteException failure)
        {
            Log.CheckpointFailed(_logger, _settings.Path, failure);
        }

        _idleTimer.Change(IdleTime, Timeout.InfiniteTimeSpan);
    }

    private async Task EmptyLogWhenIdleAsync()
    {
        await _writeLock.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_database is { CanWrite: true } database && !database.TryEmptyLog())
                _idleTimer.Change(IdleTime, Timeout.InfiniteTimeSpan);
        }
        catch (SqliteException failure)
        {
            Log.CheckpointFailed(_logger, _settings.Path, failure);
        }
        finally
        {
            _writeLock.Release();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1310,
            EventName = nameof(CheckpointFailed),
            Level = LogLevel.Warning,
            Message = "The log of the database '{Path}' could not be moved into it. Its records stay in the log until the next attempt.")]
        internal static partial void CheckpointFailed(ILogger logger, string path, Exception failure);
    }
}
