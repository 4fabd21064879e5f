using System.Data;
using System.Text;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Runs each call on a connection of its own, opens the task before the first call, and retries calls whose failure may
/// pass.
/// </summary>
internal sealed class PostgreSqlDatabase(NpgsqlDataSource dataSource, PostgreSqlStoreSettings settings, TimeProvider timeProvider, Random random)
{
    private readonly Retry _retry = new(timeProvider, random);
    private volatile TaskRow? _task;

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
    /// Several calls may open the task at the same time: the first one does the work, and the others find it done.
    /// </summary>
    private async ValueTask<TaskRow> OpenAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await SchemaScripts.ApplyAsync(connection, cancellationToken).ConfigureAwait(false);
        return _task = await OpenTaskAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<TaskRow> OpenTaskAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        var command = new NpgsqlCommand("SELECT task, feed, seed FROM koii_dbsharing.open_task($1, $2, $3, $4)", connection)
        {
            CommandTimeout = SchemaScripts.TimeoutSeconds,
        };
        await using var endOfCommand = command.ConfigureAwait(false);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = Encoding.UTF8.GetBytes(settings.TaskId) });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = settings.LinktreesPerAuthor });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = now.Add(settings.MaxClockSkew).ToUnixTimeMilliseconds() });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = now.ToUnixTimeMilliseconds() });
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var endOfReader = reader.ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return new TaskRow(reader.GetInt32(0), reader.GetString(1), reader.GetInt64(2));
    }
}

/// <summary>A task that is registered in the database and holds only what the settings allow.</summary>
/// <param name="Number">The number of the task in its rows.</param>
/// <param name="Feed">The name of the task's change feed in positions.</param>
/// <param name="Seed">The seed of the hashes of its authors and uuids.</param>
internal sealed record TaskRow(int Number, string Feed, long Seed);
