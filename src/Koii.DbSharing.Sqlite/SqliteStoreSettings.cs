using Koii.DbSharing.Storage;
using Microsoft.Data.Sqlite;

namespace Koii.DbSharing.Sqlite;

/// <summary>The settings of a store, validated and copied when the store is constructed.</summary>
/// <param name="ConnectionString">Opens the file, or creates it unless the application has excluded that.</param>
/// <param name="ReadingConnectionString">
/// Opens the file if it exists. It does not open the file for reading only: a reader of a write-ahead log writes to the file
/// <c>-shm</c>.
/// </param>
/// <param name="Path">The full path of the file.</param>
/// <param name="BusyTimeout">How long a call waits for a lock of another program.</param>
/// <param name="TaskId">See <see cref="DbSharingOptions.TaskId"/>.</param>
/// <param name="LinktreesPerAuthor">See <see cref="DbSharingOptions.LinktreesPerAuthor"/>.</param>
/// <param name="Bounds">See <see cref="DbSharingOptions.MaxRecords"/> and <see cref="DbSharingOptions.MaxBytes"/>.</param>
/// <param name="MaxClockSkew">See <see cref="DbSharingOptions.MaxClockSkew"/>.</param>
/// <param name="MaxRetainedChanges">See <see cref="DbSharingOptions.MaxRetainedChanges"/>.</param>
/// <param name="ChangeRetention">See <see cref="DbSharingOptions.ChangeRetention"/>.</param>
internal sealed record SqliteStoreSettings(
    string ConnectionString,
    string ReadingConnectionString,
    string Path,
    TimeSpan BusyTimeout,
    string TaskId,
    int LinktreesPerAuthor,
    StoreBounds Bounds,
    TimeSpan MaxClockSkew,
    int MaxRetainedChanges,
    TimeSpan ChangeRetention)
{
    /// <summary>How long a call waits for a lock of another program if the connection string does not set it.</summary>
    internal static readonly TimeSpan DefaultBusyTimeout = TimeSpan.FromSeconds(10);

    private const string TimeoutKeyword = "Default Timeout";

    internal static SqliteStoreSettings From(string connectionString, DbSharingOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        ArgumentNullException.ThrowIfNull(options);
        if (string.IsNullOrWhiteSpace(options.TaskId))
            throw new ArgumentException("A file may contain several tasks, each under its id. Set TaskId to the id of the task.", nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.LinktreesPerAuthor, 1);
        var bounds = StoreBounds.From(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRetainedChanges, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.ChangeRetention, TimeSpan.Zero);

        var builder = Parse(connectionString);
        DataSource.Resolve(builder);
        var busyTimeout = DefaultBusyTimeout;
        if (builder.ShouldSerialize(TimeoutKeyword))
        {
            busyTimeout = TimeSpan.FromSeconds(builder.DefaultTimeout);
            if (busyTimeout < TimeSpan.FromSeconds(1) || busyTimeout > TimeSpan.FromDays(1))
            {
                throw new ArgumentException(
                    $"{TimeoutKeyword} is {builder.DefaultTimeout}. It is how long a call waits for a lock of another program: "
                    + "set it to 1 second to 1 day (86400).",
                    nameof(connectionString));
            }
        }

        // The store pools its readers itself; the driver's pool would keep the file open after the store is closed.
        builder.Pooling = false;
        var writing = builder.ToString();
        builder.Mode = SqliteOpenMode.ReadWrite;
        return new SqliteStoreSettings(
            writing,
            builder.ToString(),
            builder.DataSource,
            busyTimeout,
            options.TaskId,
            options.LinktreesPerAuthor,
            bounds,
            options.MaxClockSkew,
            options.MaxRetainedChanges,
            options.ChangeRetention);
    }

    private static SqliteConnectionStringBuilder Parse(string connectionString)
    {
        try
        {
            return new SqliteConnectionStringBuilder(connectionString);
        }
        catch (ArgumentException wrong)
        {
            throw new ArgumentException(
                $"'{connectionString}' is not a connection string ({wrong.Message}). Write \"Data Source=linktrees.db\".",
                nameof(connectionString),
                wrong);
        }
    }
}
