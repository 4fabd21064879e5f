using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// The columns of a record without its data, as all statements read them, and whether they are as they were written. Valid as
/// long as the statement is at the row. A column is read once: each reading costs as much as the hash of all.
/// </summary>
internal readonly ref struct LinktreeColumns
{
    internal const string Names = "row, timestamp, id, author, signature, size, uuid, tombstone, checksum";

    /// <summary>The first column that a statement reads after them.</summary>
    internal const int Count = 9;

    private readonly ReadOnlySpan<byte> _id, _author, _signature;
    private readonly long _timestamp, _tombstone, _checksum;

    internal LinktreeColumns(SqliteStatement statement)
    {
        Row = statement.GetInt64(0);
        _timestamp = statement.GetInt64(1);
        _id = statement.GetBlob(2);
        _author = statement.GetBlob(3);
        _signature = statement.GetBlob(4);
        Size = statement.GetInt64(5);
        Uuid = statement.GetBlob(6);
        _tombstone = statement.GetInt64(7);
        _checksum = statement.GetInt64(8);
    }

    internal long Row { get; }

    internal long Size { get; }

    internal ReadOnlySpan<byte> Uuid { get; }

    /// <summary>Whether the columns match their checksum. If not, nothing but the row is to be read from them.</summary>
    internal bool AreIntact =>
        _tombstone is 0 or 1 && LinktreeChecksum.Matches(_checksum, _author, Uuid, _timestamp, _id, IsTombstone, _signature);

    internal LinktreeVersion Version => new(_timestamp, new LinktreeId(_id));

    internal PublicKey Author => new(_author);

    internal LinktreeSignature Signature => new(_signature);

    internal LinktreeKey Key => new(Author, UuidBytes.Decode(Uuid));

    internal bool IsTombstone => _tombstone != 0;

    /// <summary>Restores the record, if its columns and the data are intact.</summary>
    internal SignedLinktree? TryRestore(ReadOnlySpan<byte> data) =>
        AreIntact && data.Length == Size && SignedLinktree.TryRestore(Author, Signature, data, Version.Id, out var linktree) ? linktree : null;
}
