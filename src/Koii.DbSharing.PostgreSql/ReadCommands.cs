using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Prepares and executes the reads of a task on one connection.</summary>
internal sealed class ReadCommands(NpgsqlConnection connection, TaskRow task, long? now)
{
    // Always few rows, which an index finds. A planner without statistics, or with those of a small table, may prefer
    // to read and sort all of the table; these settings prevent it, in the same round trip and for this transaction
    // only.
    private const string UseIndexSql =
        """
        SELECT set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
            set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_sort', $1, true),
            set_config('max_parallel_workers_per_gather', '0', true),
            current_setting('transaction_read_only') = 'off'
                AND EXISTS (SELECT FROM koii_dbsharing.task WHERE task = $2 AND next_due <= koii_dbsharing.now_of($3))
        """;

    private const int IsDueColumn = 7;

    /// <summary>Prepares a read, whose first parameter is the number of the task.</summary>
    internal NpgsqlBatch Prepare(string sql, bool isSortAllowed, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var read = new NpgsqlBatchCommand(sql) { Parameters = { Value(task.Number) } };
        foreach (var parameter in parameters)
            read.Parameters.Add(parameter);
        var settings = new NpgsqlBatchCommand(UseIndexSql)
        {
            Parameters = { Value(isSortAllowed ? "on" : "off"), Value(task.Number), PostgreSqlDatabase.Parameter(now) },
        };
        return new NpgsqlBatch(connection) { BatchCommands = { settings, read } };
    }

    /// <summary>Returns the rows of the second statement.</summary>
    internal static async ValueTask<NpgsqlDataReader> ExecuteAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        var rows = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await rows.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (rows.GetBoolean(IsDueColumn))
                throw new RowsToMoveException([]);
            await rows.NextResultAsync(cancellationToken).ConfigureAwait(false);
            return rows;
        }
        catch
        {
            await rows.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    internal static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };
}
