using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// Checks the structure of a database and, for a copy that is to be relied on, compares its tables with each other and with
/// their indexes.
/// </summary>
internal static class IntegrityCheck
{
    /// <summary>
    /// How many instructions of SQLite's virtual machine run between two checks of the cancellation token.
    /// </summary>
    private const int InstructionsBetweenChecks = 1000;

    /// <summary>
    /// What no index and no constraint guarantees: an identity has one row, a record has data, and a task has as many records
    /// as it counts. The first query finds equal hashes in the index and compares whole keys only for those.
    /// </summary>
    private static readonly (string Sql, string Problem)[] Rules =
    [
        (
            """
            SELECT 1 FROM (
                SELECT task, substr(author, 1, 8) AS prefix, uuid_hash AS hash FROM linktree GROUP BY 1, 2, 3 HAVING count(*) > 1
            ) same
            JOIN linktree l ON l.task = same.task AND substr(l.author, 1, 8) = same.prefix AND l.uuid_hash = same.hash
            GROUP BY l.task, l.author, l.uuid HAVING count(*) > 1 LIMIT 1
            """,
            "an identity is stored twice"),
        ("SELECT 1 FROM linktree l WHERE NOT EXISTS (SELECT 1 FROM linktree_data d WHERE d.row = l.row) LIMIT 1", "a record has no data"),
        ("SELECT 1 FROM linktree_data d WHERE NOT EXISTS (SELECT 1 FROM linktree l WHERE l.row = d.row) LIMIT 1", "data belongs to no record"),
        (
            """
            SELECT 1 FROM task t WHERE (t.records, t.bytes) <> (SELECT count(*), coalesce(sum(size), 0) FROM (
                SELECT size FROM linktree WHERE task = t.task UNION ALL SELECT size FROM withheld WHERE task = t.task)) LIMIT 1
            """,
            "a task counts other records than it has"),
    ];

    /// <summary>Reads everything; returns the first problem, or <see langword="null"/>.</summary>
    internal static string? FindProblem(SqliteConnection connection, CancellationToken cancellationToken) =>
        FindProblem(connection, "PRAGMA integrity_check(1)", isComparing: true, cancellationToken);

    /// <summary>
    /// Reads the structure; returns the first problem, or <see langword="null"/>. It takes a fraction of the time of the whole check.
    /// Rows are verified when they are read.
    /// </summary>
    internal static string? FindStructuralProblem(SqliteConnection connection, CancellationToken cancellationToken) =>
        FindProblem(connection, "PRAGMA quick_check(1)", isComparing: false, cancellationToken);

    private static string? FindProblem(SqliteConnection connection, string check, bool isComparing, CancellationToken cancellationToken)
    {
        raw.sqlite3_progress_handler(
            connection.Handle, InstructionsBetweenChecks, _ => cancellationToken.IsCancellationRequested ? 1 : 0, null);
        try
        {
            using (var statement = new SqliteStatement(connection, check))
            {
                if (statement.Step() && statement.GetText(0) is var result && result != "ok")
                    return result;
            }

            return isComparing && HasTables(connection) ? FindBrokenRule(connection) : null;
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode == raw.SQLITE_CORRUPT)
        {
            return failure.Message;
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode == raw.SQLITE_INTERRUPT)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            raw.sqlite3_progress_handler(connection.Handle, 0, null!, null);
        }
    }

    /// <summary>A file that was created but not opened by a store yet has no tables.</summary>
    private static bool HasTables(SqliteConnection connection)
    {
        using var statement = new SqliteStatement(connection, "SELECT 1 FROM sqlite_schema WHERE name = 'linktree_data'");
        var hasTables = statement.Step();
        statement.Reset();
        return hasTables;
    }

    private static string? FindBrokenRule(SqliteConnection connection)
    {
        foreach (var (sql, problem) in Rules)
        {
            using var statement = new SqliteStatement(connection, sql);
            if (statement.Step())
                return problem;
        }

        return null;
    }
}
