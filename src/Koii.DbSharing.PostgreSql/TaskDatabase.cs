using System.Data;
using System.Text;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Gives a connection to each call, opens the task before the first, and makes calls again that failed for the moment only.</summary>
internal sealed class TaskDatabase(NpgsqlDataSource dataSource, PostgreSqlStoreSettings settings, TimeProvider timeProvider, Random random)
{
    private readonly Retry _retry = new(timeProvider, random);
    private volatile TaskRow? _task;

    internal async ValueTask<T> RunAsync<T>(Func<NpgsqlConnection, TaskRow, CancellationToken, ValueTask<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var apart = AmbientTransaction.Suppress();
        try
        {
            return await _retry.RunAsync(token => AttemptAsync(work, token), cancellationToken).ConfigureAwait(false);
        }
        catch (NpgsqlException failure)
        {
            throw PostgreSqlErrors.Explain(failure);
        }
    }

    private async ValueTask<T> AttemptAsync<T>(Func<NpgsqlConnection, TaskRow, CancellationToken, ValueTask<T>> work, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var end = connection.ConfigureAwait(false);
        try
        {
            return await work(connection, _task ?? await OpenAsync(connection, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is LinktreeStoreException
            || (failure is PostgresException answer ? PostgreSqlErrors.MayHaveChanged(answer) : connection.State != ConnectionState.Open))
        {
            // Behind a connection that was lost there may be another database next time, and one that lacks what was there was changed by something else: the next
            // attempt or call looks at it anew. Any other failure, such as a full disk, leaves the task as it was found: to open it again would need to write, and
            // would keep those from reading who still can.
            _task = null;
            throw;
        }
    }

    /// <summary>Several calls may come to open at once: what one of them has done, the others find done.</summary>
    private async ValueTask<TaskRow> OpenAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await SchemaScripts.ApplyAsync(connection, cancellationToken).ConfigureAwait(false);
        return _task = await OpenTaskAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<TaskRow> OpenTaskAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        var command = new NpgsqlCommand("SELECT task, feed FROM koii_dbsharing.open_task($1, $2, $3, $4, $5, $6)", connection) { CommandTimeout = SchemaScripts.TimeoutSeconds };
        await using var endOfCommand = command.ConfigureAwait(false);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = Encoding.UTF8.GetBytes(settings.TaskId) });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = settings.LinktreesPerAuthor });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = now.Add(settings.MaxClockSkew).ToUnixTimeMilliseconds() });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = settings.MaxRetainedChanges });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = now.ToUnixTimeMilliseconds() });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = settings.OldestChangeAt(now) });
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var endOfReader = reader.ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return new TaskRow(reader.GetInt32(0), reader.GetString(1));
    }
}
