namespace Koii.DbSharing.PostgreSql;

/// <summary>The settings of a store, validated and copied when the store is constructed.</summary>
internal sealed record PostgreSqlStoreSettings(
    string TaskId, int LinktreesPerAuthor, long MaxRecords, TimeSpan MaxClockSkew, int MaxRetainedChanges, TimeSpan ChangeRetention)
{
    internal static PostgreSqlStoreSettings From(DbSharingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RequireTask(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.LinktreesPerAuthor, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRecords, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRetainedChanges, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.ChangeRetention, TimeSpan.Zero);
        return new PostgreSqlStoreSettings(
            options.TaskId,
            options.LinktreesPerAuthor,
            options.MaxRecords,
            options.MaxClockSkew,
            options.MaxRetainedChanges,
            options.ChangeRetention);
    }

    /// <summary>The time of the oldest change that the feed retains, in milliseconds since the Unix epoch.</summary>
    internal long OldestChangeAt(DateTimeOffset now) => now.ToUnixTimeMilliseconds() - (long)ChangeRetention.TotalMilliseconds;

    internal static void RequireTask(DbSharingOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.TaskId))
        {
            throw new ArgumentException(
                "A database may contain several tasks, each under its id. Set TaskId to the id of the task.", nameof(options));
        }
    }
}
