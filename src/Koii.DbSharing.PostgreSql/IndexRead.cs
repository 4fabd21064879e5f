using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// A statement that finds its rows by an index. What a store reads is always few rows; but a planner that has no statistics yet, or remembers a small table, may rather read
/// all of it and sort it. So it is told otherwise, in the same round trip and for this transaction only.
/// </summary>
internal sealed class IndexRead : IAsyncDisposable
{
    internal const string ByIndexSql =
        """
        SELECT set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
            set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_sort', $1, true)
        """;

    private readonly NpgsqlBatch _batch;
    private readonly NpgsqlBatchCommand _command;
    private NpgsqlDataReader? _rows;

    /// <summary>Makes the statement, without parameters yet.</summary>
    /// <param name="connection">Where it runs.</param>
    /// <param name="sql">The statement, with positional parameters.</param>
    /// <param name="mustSort">Whether no index has the rows in the order asked for.</param>
    internal IndexRead(NpgsqlConnection connection, string sql, bool mustSort)
    {
        _command = new NpgsqlBatchCommand(sql);
        _batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new NpgsqlBatchCommand(ByIndexSql) { Parameters = { new NpgsqlParameter<string> { TypedValue = mustSort ? "on" : "off" } } }, _command },
        };
    }

    internal IndexRead Add<T>(T value)
    {
        _command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return this;
    }

    internal async ValueTask<NpgsqlDataReader> ExecuteAsync(CancellationToken cancellationToken)
    {
        _rows = await _batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await _rows.NextResultAsync(cancellationToken).ConfigureAwait(false);
        return _rows;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_rows is not null)
            await _rows.DisposeAsync().ConfigureAwait(false);
        await _batch.DisposeAsync().ConfigureAwait(false);
    }
}
