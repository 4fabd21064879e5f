namespace Koii.DbSharing.Sqlite;

/// <summary>A stored record: its row, its version and the size of its data.</summary>
internal readonly record struct LinktreeRow(long Row, LinktreeVersion Version, long Size)
{
    /// <summary>Reads a row whose columns are intact (<see cref="LinktreeColumns.AreIntact"/>).</summary>
    internal static LinktreeRow Read(SqliteStatement statement) =>
        new(statement.GetInt64(0), LinktreeColumns.ReadVersion(statement), statement.GetInt64(5));
}
