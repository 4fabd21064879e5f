using Microsoft.Extensions.Logging;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Moves stored records that are damaged out of the way: they are then absent, so the author or a peer can deliver a good
/// copy. Readers of the change feed start again.
/// </summary>
internal sealed partial class DamagedRows(NpgsqlConnection connection, TaskRow task, IndexKeys keys, long? now, ILogger logger)
{
    private const string UseIndexSql =
        "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('jit', 'off', true)";

    private const string ByNumberSql =
        $"SELECT {StoredRow.Columns}, l.ctid::text FROM koii_dbsharing.linktree l WHERE l.task = $1 AND l.number = ANY ($2)";

    private const string OfAuthorsSql =
        $"""
        SELECT {StoredRow.ColumnsWithoutData}, l.ctid::text FROM unnest($2::bigint[], $3::bigint[]) AS author (first, last)
        JOIN koii_dbsharing.linktree l ON l.identity_hash BETWEEN author.first AND author.last AND l.task + 0 = $1
        """;

    /// <summary>Moves those of the rows with some numbers that are damaged.</summary>
    /// <returns>How many rows were damaged.</returns>
    internal Task<int> MoveAsync(IReadOnlyList<long> numbers, CancellationToken cancellationToken) =>
        MoveAsync(ByNumberSql, [new NpgsqlParameter<long[]> { TypedValue = [.. numbers] }], cancellationToken);

    /// <summary>Moves the rows of authors whose columns without data are damaged.</summary>
    /// <returns>How many rows were damaged.</returns>
    internal Task<int> MoveOfAuthorsAsync(IEnumerable<PublicKey> authors, CancellationToken cancellationToken)
    {
        var ranges = authors.Distinct().Select(keys.IdentitiesOf).Distinct().ToArray();
        return MoveAsync(
            OfAuthorsSql,
            [
                new NpgsqlParameter<long[]> { TypedValue = Array.ConvertAll(ranges, range => range.First) },
                new NpgsqlParameter<long[]> { TypedValue = Array.ConvertAll(ranges, range => range.Last) },
            ],
            cancellationToken);
    }

    /// <summary>Discards the removals of the change feed, of which some are damaged: readers start again.</summary>
    internal async Task DiscardRemovalsAsync(CancellationToken cancellationToken)
    {
        var renew = new NpgsqlCommand(
            "SELECT koii_dbsharing.renew_feed(task) FROM (SELECT task FROM koii_dbsharing.task WHERE task = $1 FOR UPDATE) locked", connection)
        {
            Parameters = { new NpgsqlParameter<int> { TypedValue = task.Number } },
        };
        await using var end = renew.ConfigureAwait(false);
        await renew.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        Log.RemovalsDamaged(logger, connection.Database);
    }

    private async Task<int> MoveAsync(string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        var found = 0;
        var (positions, numbers, names) = (new List<string>(), new List<long>(), new List<string>());
        var find = new NpgsqlBatchCommand(sql) { Parameters = { new NpgsqlParameter<int> { TypedValue = task.Number } } };
        foreach (var parameter in parameters)
            find.Parameters.Add(parameter);
        var batch = new NpgsqlBatch(connection) { BatchCommands = { new NpgsqlBatchCommand(UseIndexSql), find } };
        await using (batch.ConfigureAwait(false))
        {
            var rows = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using var endOfRows = rows.ConfigureAwait(false);
            await rows.NextResultAsync(cancellationToken).ConfigureAwait(false);
            while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                var row = StoredRow.Read(rows);
                found++;
                if (row.IsIntact(keys))
                    continue;
                positions.Add(rows.GetString(StoredRow.ColumnCount));
                numbers.Add(row.Number);
                names.Add(row.Name);
            }
        }

        if (positions.Count == 0)
        {
            // A read has seen damage in rows that have none: it has read them from an index.
            if (found > 0 && sql == ByNumberSql)
                Log.IndexDamaged(logger, connection.Database);
            return 0;
        }

        var move = new NpgsqlCommand("SELECT koii_dbsharing.move_damaged($1, $2::tid[], $3, $4)", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = task.Number },
                new NpgsqlParameter<string[]> { TypedValue = [.. positions] },
                new NpgsqlParameter<long[]> { TypedValue = [.. numbers] },
                PostgreSqlDatabase.Parameter(now),
            },
        };
        await using var end = move.ConfigureAwait(false);
        if (await move.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is > 0)
        {
            foreach (var name in names)
                Log.RecordDamaged(logger, connection.Database, name);
        }

        return positions.Count;
    }

    private static partial class Log
    {
        [LoggerMessage(
            1330,
            LogLevel.Error,
            "A record in the database '{Database}' is damaged ({Record}): it does not match its checksum or its id. It was moved to the table "
            + "koii_dbsharing.damaged and is no longer served; its author and the peers can deliver it again. Check the disk and the memory of the "
            + "server.",
            EventName = nameof(RecordDamaged))]
        public static partial void RecordDamaged(ILogger logger, string database, string record);

        [LoggerMessage(
            1335,
            LogLevel.Error,
            "An index of the database '{Database}' is damaged: it does not match its rows. Run REINDEX TABLE koii_dbsharing.linktree. Check the disk "
            + "and the memory of the server.",
            EventName = nameof(IndexDamaged))]
        public static partial void IndexDamaged(ILogger logger, string database);

        [LoggerMessage(
            1331,
            LogLevel.Error,
            "Removals in the change feed of the database '{Database}' are damaged. The feed starts again. Check the disk and the memory of the "
            + "server.",
            EventName = nameof(RemovalsDamaged))]
        public static partial void RemovalsDamaged(ILogger logger, string database);
    }
}
