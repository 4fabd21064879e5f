using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Sqlite;

/// <summary>Checks the file of a store after the start of the host and once a day, beside serving.</summary>
internal sealed partial class StoreCheckService(ILinktreeStore store, TimeProvider timeProvider, ILogger<SqliteLinktreeStore> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    /// <summary>Between two slices, so that the check takes a small part of one processor: a minute for a million records.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The application may have replaced the store.
        if (store is not SqliteLinktreeStore sqlite)
            return;

        while (true)
        {
            await CheckAsync(sqlite, stoppingToken).ConfigureAwait(false);
            await Task.Delay(Interval, timeProvider, stoppingToken).ConfigureAwait(false);
        }
    }

    private async Task CheckAsync(SqliteLinktreeStore sqlite, CancellationToken stoppingToken)
    {
        try
        {
            var start = timeProvider.GetTimestamp();
            var result = await sqlite.CheckAsync(Pause, stoppingToken).ConfigureAwait(false);
            Log.Checked(logger, sqlite.DatabasePath, timeProvider.GetElapsedTime(start), result.Records, result.MovedRows);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // A check that fails is not worth the end of the host, which an exception here would be.
            Log.CheckFailed(logger, sqlite.DatabasePath, Interval, failure);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1304,
            LogLevel.Information,
            "The database '{Path}' was checked in {Elapsed}: {Records} records. {MovedRows} rows were moved to the table 'damaged'.",
            EventName = nameof(Checked))]
        public static partial void Checked(ILogger logger, string path, TimeSpan elapsed, long records, long movedRows);

        [LoggerMessage(
            1305, LogLevel.Error, "The check of the database '{Path}' failed. It is repeated in {Interval}.", EventName = nameof(CheckFailed))]
        public static partial void CheckFailed(ILogger logger, string path, TimeSpan interval, Exception exception);
    }
}
