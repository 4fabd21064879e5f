using Koii.DbSharing.Storage;

namespace Koii.DbSharing.PostgreSql;

/// <summary>The settings of a store, validated and copied when the store is constructed.</summary>
internal sealed record PostgreSqlStoreSettings(
    string TaskId, int LinktreesPerAuthor, StoreBounds Bounds, TimeSpan MaxClockSkew, int MaxRetainedChanges, TimeSpan ChangeRetention)
{
    internal static PostgreSqlStoreSettings From(DbSharingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RequireTask(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.LinktreesPerAuthor, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRetainedChanges, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.ChangeRetention, TimeSpan.Zero);
        return new PostgreSqlStoreSettings(
            options.TaskId,
            options.LinktreesPerAuthor,
            StoreBounds.From(options),
            options.MaxClockSkew,
            options.MaxRetainedChanges,
            options.ChangeRetention);
    }

    internal long MaxClockSkewMilliseconds => (long)MaxClockSkew.TotalMilliseconds;

    internal long ChangeRetentionMilliseconds => (long)ChangeRetention.TotalMilliseconds;

    internal static void RequireTask(DbSharingOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.TaskId))
        {
            throw new ArgumentException(
                "A database may contain several tasks, each under its id. Set TaskId to the id of the task.", nameof(options));
        }
    }
}
