namespace Koii.DbSharing.Sqlite;

/// <summary>A record of a list without its data.</summary>
internal readonly record struct ListedRow(long Row, LinktreeVersion Version, PublicKey Author, LinktreeSignature Signature, long Size)
{
    /// <summary>Reads a row whose columns are intact (<see cref="LinktreeColumns.AreIntact"/>).</summary>
    internal static ListedRow Read(SqliteStatement statement) => new(
        statement.GetInt64(0),
        LinktreeColumns.ReadVersion(statement),
        new PublicKey(statement.GetBlob(3)),
        new LinktreeSignature(statement.GetBlob(4)),
        statement.GetInt64(5));
}
