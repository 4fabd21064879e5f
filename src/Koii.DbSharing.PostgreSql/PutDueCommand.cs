using Microsoft.Extensions.Logging;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Stores the withheld records that are due, in one statement.</summary>
internal sealed partial class PutDueCommand(PostgreSqlStoreSettings settings, ILogger logger)
{
    private const string Sql = "CALL koii_dbsharing.put_due($1, $2, $3, $4, $5, $6, $7, $8, NULL)";

    /// <summary>Returns how many records were stored: fewer if another call was first, or newer ones are stored.</summary>
    internal async ValueTask<int> ExecuteAsync(NpgsqlConnection connection, TaskRow task, long? now, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = task.Number },
                new NpgsqlParameter<int> { TypedValue = settings.LinktreesPerAuthor },
                new NpgsqlParameter<long> { TypedValue = settings.Bounds.MaxRecords },
                new NpgsqlParameter<long> { TypedValue = settings.Bounds.MaxBytes },
                new NpgsqlParameter<long> { TypedValue = settings.MaxRetainedChanges },
                new NpgsqlParameter<long> { TypedValue = settings.MaxClockSkewMilliseconds },
                new NpgsqlParameter<long> { TypedValue = settings.ChangeRetentionMilliseconds },
                PostgreSqlDatabase.Parameter(now),
            },
        };
        await using var end = command.ConfigureAwait(false);
        var stored = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is int count ? count : 0;
        if (stored > 0)
            Log.RecordsDue(logger, stored, connection.Database);
        return stored;
    }

    private static partial class Log
    {
        [LoggerMessage(
            1334,
            LogLevel.Information,
            "{Count} withheld records of the database '{Database}' are due and are served.",
            EventName = nameof(RecordsDue))]
        public static partial void RecordsDue(ILogger logger, int count, string database);
    }
}
