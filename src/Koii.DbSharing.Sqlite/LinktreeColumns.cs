using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>The columns of a record without its data, as all statements read them, and whether they are as they were written.</summary>
internal static class LinktreeColumns
{
    internal const string Names = "row, timestamp, id, author, signature, size, uuid, tombstone, checksum";

    /// <summary>The first column that a statement reads after them.</summary>
    internal const int Count = 9;

    /// <summary>Whether the columns of the current row match their checksum. What they contain is of no account otherwise.</summary>
    internal static bool AreIntact(SqliteStatement statement) =>
        statement.GetInt64(7) is 0 or 1
        && LinktreeChecksum.Matches(
            statement.GetInt64(8),
            author: statement.GetBlob(3),
            uuid: statement.GetBlob(6),
            timestamp: statement.GetInt64(1),
            id: statement.GetBlob(2),
            isTombstone: IsTombstone(statement),
            signature: statement.GetBlob(4));

    internal static LinktreeVersion ReadVersion(SqliteStatement statement) => new(statement.GetInt64(1), new LinktreeId(statement.GetBlob(2)));

    internal static LinktreeKey ReadKey(SqliteStatement statement) =>
        new(new PublicKey(statement.GetBlob(3)), UuidBytes.Decode(statement.GetBlob(6)));

    internal static bool IsTombstone(SqliteStatement statement) => statement.GetInt64(7) != 0;

    /// <summary>Restores the record of the current row, if its columns and the data are intact.</summary>
    internal static SignedLinktree? TryRestore(SqliteStatement statement, ReadOnlySpan<byte> data)
    {
        if (!AreIntact(statement) || data.Length != statement.GetInt64(5))
            return null;
        var (id, author) = (new LinktreeId(statement.GetBlob(2)), new PublicKey(statement.GetBlob(3)));
        return SignedLinktree.TryRestore(author, new LinktreeSignature(statement.GetBlob(4)), data, id, out var linktree) ? linktree : null;
    }
}
