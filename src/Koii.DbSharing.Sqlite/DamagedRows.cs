using System.Text;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// Moves rows that are not as they were written out of what is served, to the table <c>damaged</c>, in the transaction of the
/// writer. The record then counts as not stored, so a good copy of it is stored again.
/// </summary>
internal sealed partial class DamagedRows
{
    /// <summary>How many of the newest rows are kept for the operator.</summary>
    private const int MaxKept = 1000;

    private const string Columns = "row, task, author, uuid, timestamp, id, tombstone, size, checksum, signature";

    private readonly StoreConnection _connection;
    private readonly TaskRow _task;
    private readonly SqliteStatement _read, _readRemoval, _move, _moveWithheld, _moveRemoval, _delete, _deleteData, _deleteRemoval, _deleteWithheld, _findMoved, _trim;
    private readonly List<(long Row, string Reason)> _found = [];

    internal DamagedRows(StoreConnection connection, TaskRow task)
    {
        _connection = connection;
        _task = task;
        _read = connection.Prepare(
            $"""
            SELECT {LinktreeColumns.Names}, data, task, uuid_hash FROM linktree LEFT JOIN linktree_data USING (row) WHERE row = ?1
            """);
        _readRemoval = connection.Prepare($"SELECT row, {ChangeReader.Columns} FROM removal WHERE row = ?1");
        _move = connection.Prepare(
            $"""
            INSERT INTO damaged (at, reason, {Columns}, data)
            SELECT ?2, CAST(?3 AS TEXT), {Columns}, data FROM linktree LEFT JOIN linktree_data USING (row) WHERE row = ?1
            """);
        _moveWithheld = connection.Prepare(
            $"INSERT INTO damaged (at, reason, {Columns}, data) SELECT ?2, CAST(?3 AS TEXT), {Columns}, data FROM withheld WHERE row = ?1");
        _moveRemoval = connection.Prepare(
            """
            INSERT INTO damaged (at, reason, row, author, uuid, timestamp, id, tombstone, checksum, signature)
            SELECT ?2, 'a removal does not match its checksum', row, author, uuid, timestamp, id, tombstone, checksum, signature
            FROM removal WHERE row = ?1
            """);
        _delete = connection.Prepare("DELETE FROM linktree WHERE row = ?1");
        _deleteData = connection.Prepare("DELETE FROM linktree_data WHERE row = ?1");
        _deleteRemoval = connection.Prepare("DELETE FROM removal WHERE row = ?1");
        _deleteWithheld = connection.Prepare("DELETE FROM withheld WHERE row = ?1");
        _findMoved = connection.Prepare("SELECT 1 FROM damaged WHERE row = ?1");
        _trim = connection.Prepare($"DELETE FROM damaged WHERE number <= (SELECT max(number) FROM damaged) - {MaxKept}");
    }

    /// <summary>
    /// Moves those of the rows that are damaged. A row that is not, or that does not exist, was read by an index that differs from
    /// the table: all indexes are then built again.
    /// </summary>
    /// <returns>The number of rows that were moved.</returns>
    internal int Move(IReadOnlyList<long> rows, long now)
    {
        var (moved, isIndexWrong) = (0, false);
        foreach (var row in rows)
        {
            var isRemoval = IsRemovalDamaged(row);
            if (isRemoval)
            {
                _moveRemoval.Bind(1, row).Bind(2, now).Execute();
                _deleteRemoval.Bind(1, row).Execute();
                _trim.Execute();
                _found.Add((row, "a removal does not match its checksum"));
            }

            var reason = FindReason(row);
            if (reason is not null)
                Move(row, reason, now);
            moved += isRemoval || reason is not null ? 1 : 0;
            isIndexWrong |= !isRemoval && reason is null && !WasMoved(row);
        }

        if (isIndexWrong)
            RebuildIndexes();
        return moved;
    }

    /// <summary>Moves a row for a reason that the caller has found.</summary>
    internal void Move(long row, string reason, long now)
    {
        _move.Bind(1, row).Bind(2, now).Bind(3, Encoding.UTF8.GetBytes(reason)).Execute();
        _delete.Bind(1, row).Execute();
        _deleteData.Bind(1, row).Execute();
        _trim.Execute();
        _found.Add((row, reason));
    }

    /// <summary>Moves a withheld row that is damaged. Readers of the feed have not received it.</summary>
    internal void MoveWithheld(long row, long now)
    {
        const string Reason = "a withheld record does not match its checksum or its id";
        _moveWithheld.Bind(1, row).Bind(2, now).Bind(3, Encoding.UTF8.GetBytes(Reason)).Execute();
        _deleteWithheld.Bind(1, row).Execute();
        _trim.Execute();
        _found.Add((row, Reason));
    }

    /// <summary>Builds all indexes again from the tables.</summary>
    internal void RebuildIndexes()
    {
        _connection.Execute("REINDEX");
        AreIndexesRebuilt = true;
    }

    /// <summary>Whether indexes were built again in this transaction.</summary>
    internal bool AreIndexesRebuilt { get; private set; }

    /// <summary>Forgets what was found in a transaction that was rolled back.</summary>
    internal void Clear()
    {
        _found.Clear();
        AreIndexesRebuilt = false;
    }

    /// <summary>Logs what was found in the transaction that was committed.</summary>
    internal void LogFound(ILogger logger, string path)
    {
        foreach (var (row, reason) in _found)
            Log.RowDamaged(logger, row, path, reason);
        if (AreIndexesRebuilt)
            Log.IndexesRebuilt(logger, path);
        Clear();
    }

    /// <summary>Returns what is wrong with a row, or <see langword="null"/> if it is intact or does not exist.</summary>
    private string? FindReason(long row)
    {
        if (!_read.Bind(1, row).Step())
            return null;
        var reason = FindReason(_read, _read.GetBlob(LinktreeColumns.Count), _task);
        _read.Reset();
        return reason;
    }

    /// <summary>
    /// Returns what is wrong with the current row of a statement that reads data, task and hash after the columns of a record.
    /// </summary>
    internal static string? FindReason(SqliteStatement row, ReadOnlySpan<byte> data, TaskRow task)
    {
        var columns = new LinktreeColumns(row);
        return !columns.AreIntact ? "the columns do not match the checksum"
            : columns.TryRestore(data) is null ? "the data does not match the id"
            : row.GetInt64(LinktreeColumns.Count + 1) != TaskRow.NumberOf(columns.Row) ? "the task is another one than that of the row"
            : row.GetInt64(LinktreeColumns.Count + 2) != task.HashOf(columns.Uuid) ? "the hash is not that of the uuid"
            : null;
    }

    /// <summary>Another call may have met the same row.</summary>
    private bool WasMoved(long row)
    {
        var isFound = _findMoved.Bind(1, row).Step();
        _findMoved.Reset();
        return isFound;
    }

    private bool IsRemovalDamaged(long row)
    {
        var isDamaged = _readRemoval.Bind(1, row).Step() && !new LinktreeColumns(_readRemoval).AreIntact;
        _readRemoval.Reset();
        return isDamaged;
    }

    private static partial class Log
    {
        [LoggerMessage(
            1301,
            LogLevel.Error,
            "Row {Row} of the database '{Path}' is damaged: {Reason}. It was moved to the table 'damaged' and is not served; "
            + "a good copy from its author or a peer is stored again. Check the disk.",
            EventName = nameof(RowDamaged))]
        public static partial void RowDamaged(ILogger logger, long row, string path, string reason);

        [LoggerMessage(
            1302,
            LogLevel.Error,
            "An index of the database '{Path}' differed from its table. All indexes were built again. Check the disk.",
            EventName = nameof(IndexesRebuilt))]
        public static partial void IndexesRebuilt(ILogger logger, string path);
    }
}
