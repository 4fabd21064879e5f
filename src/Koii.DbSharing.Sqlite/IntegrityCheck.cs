using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>Reads a whole database and compares its tables with their indexes.</summary>
internal static class IntegrityCheck
{
    /// <summary>How many instructions of SQLite's virtual machine pass between two looks at the token.</summary>
    private const int InstructionsBetweenLooks = 1000;

    /// <summary>Returns the first thing that is wrong, or <see langword="null"/>.</summary>
    internal static string? FindProblem(SqliteConnection connection, CancellationToken cancellationToken)
    {
        raw.sqlite3_progress_handler(connection.Handle, InstructionsBetweenLooks, _ => cancellationToken.IsCancellationRequested ? 1 : 0, null);
        try
        {
            using var statement = new SqliteStatement(connection, "PRAGMA integrity_check(1)");
            return statement.Step() && statement.GetText(0) is var result && result != "ok" ? result : null;
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
}
