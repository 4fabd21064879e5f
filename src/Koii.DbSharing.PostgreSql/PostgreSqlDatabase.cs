using System.Data;
using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Runs each call on a connection of its own, opens the task before the first call, and retries calls whose failure may
/// pass.
/// </summary>
internal sealed partial class PostgreSqlDatabase(
    NpgsqlDataSource dataSource, PostgreSqlStoreSettings settings, TimeProvider timeProvider, Random random, ILogger logger)
{
    /// <summary>A difference of the clocks that is logged.</summary>
    private static readonly TimeSpan MaxClockDifference = TimeSpan.FromMinutes(1);

    private readonly Retry _retry = new(timeProvider, random);
    private volatile TaskRow? _task;
    private volatile bool _wasOpened;

    /// <summary>A clock in place of the server's, for tests.</summary>
    internal TimeProvider? ServerClock { get; set; }

    /// <summary>The time in milliseconds since the Unix epoch that statements use, or <see langword="null"/> for the server's.</summary>
    internal long? Now => ServerClock?.GetUtcNow().ToUnixTimeMilliseconds();

    internal static NpgsqlParameter Parameter(long? now) =>
        new() { NpgsqlDbType = NpgsqlDbType.Bigint, Value = now is { } time ? time : DBNull.Value };

    internal ValueTask<T> RunAsync<T>(
        Func<NpgsqlConnection, TaskRow, CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _retry.RunAsync(token => AttemptAsync(call, token), cancellationToken);
    }

    private async ValueTask<T> AttemptAsync<T>(
        Func<NpgsqlConnection, TaskRow, CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        var connection = await DataSources.OpenAsync(dataSource, cancellationToken).ConfigureAwait(false);
        await using var end = connection.ConfigureAwait(false);
        try
        {
            var task = _task ?? await OpenAsync(connection, cancellationToken).ConfigureAwait(false);
            return await call(connection, task, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException failure) when (PostgreSqlErrors.IsReadOnly(failure))
        {
            // A session keeps the setting that it began with, and the pool keeps the session.
            dataSource.Clear();
            throw;
        }
        catch (Exception failure) when (failure is LinktreeStoreException
            || (failure is PostgresException answer ? PostgreSqlErrors.MayHaveChanged(answer) : connection.State != ConnectionState.Open))
        {
            // After a lost connection the next one may reach another database, and a database that lacks a table was
            // changed by another program: the next attempt or call opens the task again. After any other failure, such
            // as a full disk, the task stays open: opening it again would have to write, and would prevent reads that
            // are still possible.
            _task = null;
            throw;
        }
    }

    /// <summary>
    /// Several calls may open the task at the same time: the first one does the work, and the others find it done. A
    /// read-only database is opened again by each call, because it may be writable by then.
    /// </summary>
    private async ValueTask<TaskRow> OpenAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await SchemaScripts.ApplyAsync(connection, cancellationToken).ConfigureAwait(false);
        var (task, isReadOnly) = await OpenTaskAsync(connection, cancellationToken).ConfigureAwait(false);
        if (!isReadOnly)
            (_task, _wasOpened) = (task, true);
        return task;
    }

    private async ValueTask<(TaskRow Task, bool IsReadOnly)> OpenTaskAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string Sql = "SELECT task, seed, withheld, server_time, is_read_only FROM koii_dbsharing.open_task($1, $2, $3, $4, $5)";
        var command = new NpgsqlCommand(Sql, connection) { CommandTimeout = SchemaScripts.TimeoutSeconds };
        await using var endOfCommand = command.ConfigureAwait(false);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = Encoding.UTF8.GetBytes(settings.TaskId) });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = settings.LinktreesPerAuthor });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = settings.MaxClockSkewMilliseconds });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = _wasOpened });
        command.Parameters.Add(Parameter(Now));
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var endOfReader = reader.ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var ownTime = timeProvider.GetUtcNow();
        if (reader.IsDBNull(0))
            throw new LinktreeStoreException(PostgreSqlErrors.ReadOnly);

        if (reader.GetInt64(2) is > 0 and var withheld)
            Log.RecordsWithheld(logger, withheld, connection.Database, settings.MaxClockSkew);
        var difference = ownTime - DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3));
        if (difference.Duration() > MaxClockDifference)
            Log.ClockDiffers(logger, connection.Database, difference);
        return (new TaskRow(reader.GetInt32(0), reader.GetInt64(1)), reader.GetBoolean(4));
    }

    private static partial class Log
    {
        [LoggerMessage(
            1332,
            LogLevel.Warning,
            "{Count} records of the database '{Database}' are more than {MaxClockSkew} in the future by the clock of the database server and are "
            + "withheld until they are due. Check that clock.",
            EventName = nameof(RecordsWithheld))]
        public static partial void RecordsWithheld(ILogger logger, long count, string database, TimeSpan maxClockSkew);

        [LoggerMessage(
            1333,
            LogLevel.Warning,
            "The clock of this process differs by {Difference} from the clock of the server of the database '{Database}', which decides when records "
            + "are due. Correct the one that is wrong.",
            EventName = nameof(ClockDiffers))]
        public static partial void ClockDiffers(ILogger logger, string database, TimeSpan difference);
    }
}

/// <summary>A task that is registered in the database and holds only what the settings allow.</summary>
/// <param name="Number">The number of the task in its rows.</param>
/// <param name="Seed">The seed of the hashes of its authors and uuids.</param>
internal sealed record TaskRow(int Number, long Seed);
