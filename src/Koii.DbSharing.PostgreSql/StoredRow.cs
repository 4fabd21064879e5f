using Koii.DbSharing.Storage;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>The columns of a stored record as they were read. They may have changed on the disk.</summary>
internal readonly struct StoredRow
{
    /// <summary>The columns that <see cref="Read"/> reads, of the table <c>l</c>.</summary>
    internal const string Columns =
        "l.number, l.author || l.id || l.signature || l.uuid AS key, l.data, l.timestamp, l.tombstone, "
        + "l.checksum, l.key_checksum, l.identity_hash, l.id_prefix, l.size";

    /// <summary>The same columns without the data, which is then not verified.</summary>
    internal const string ColumnsWithoutData =
        "l.number, l.author || l.id || l.signature || l.uuid AS key, NULL::bytea AS data, l.timestamp, l.tombstone, "
        + "l.checksum, l.key_checksum, l.identity_hash, l.id_prefix, l.size";

    internal const int ColumnCount = 10;

    private const int FixedSize = PublicKey.Size + LinktreeId.Size + LinktreeSignature.Size;

    private readonly byte[] _key;
    private readonly byte[]? _data;
    private readonly long _checksum, _identity, _prefix;
    private readonly int _keyChecksum, _size;
    private readonly long _timestamp;
    private readonly bool _isTombstone;

    private StoredRow(NpgsqlDataReader rows)
    {
        Number = rows.GetInt64(0);
        _key = rows.GetFieldValue<byte[]>(1);
        _data = rows.IsDBNull(2) ? null : rows.GetFieldValue<byte[]>(2);
        _timestamp = rows.GetInt64(3);
        _isTombstone = rows.GetBoolean(4);
        _checksum = rows.GetInt64(5);
        _keyChecksum = rows.GetInt32(6);
        _identity = rows.GetInt64(7);
        _prefix = rows.GetInt64(8);
        _size = rows.GetInt32(9);
    }

    /// <summary>The number of the change that added the record.</summary>
    internal long Number { get; }

    /// <summary>Names the row in a message. Any part of it may be what is damaged.</summary>
    internal string Name => _key.Length < FixedSize
        ? "?"
        : $"author {new PublicKey(Author)}, uuid '{UuidBytes.Decode(Uuid)}', timestamp {_timestamp}";

    private ReadOnlySpan<byte> Author => _key.AsSpan(0, PublicKey.Size);

    private ReadOnlySpan<byte> Id => _key.AsSpan(PublicKey.Size, LinktreeId.Size);

    private ReadOnlySpan<byte> Signature => _key.AsSpan(PublicKey.Size + LinktreeId.Size, LinktreeSignature.Size);

    private ReadOnlySpan<byte> Uuid => _key.AsSpan(FixedSize);

    /// <summary>Reads the current row, whose first columns are <see cref="Columns"/>.</summary>
    internal static StoredRow Read(NpgsqlDataReader rows) => new(rows);

    /// <summary>Restores the record; returns <see langword="null"/> if a column does not match the others.</summary>
    internal SignedLinktree? TryRestore(IndexKeys keys) =>
        AreSmallColumnsIntact(keys) && _data!.Length == _size
        && SignedLinktree.TryRestore(new PublicKey(Author), new LinktreeSignature(Signature), _data, new LinktreeId(Id), out var linktree)
        && linktree.Timestamp == _timestamp
        && linktree.IsTombstone == _isTombstone
            ? linktree
            : null;

    /// <summary>Verifies the columns that were read.</summary>
    internal bool IsIntact(IndexKeys keys) => _data is null ? AreSmallColumnsIntact(keys) : TryRestore(keys) is not null;

    private bool AreSmallColumnsIntact(IndexKeys keys) =>
        _key.Length > FixedSize && Uuid.Length <= UuidBytes.MaxSize
        && LinktreeChecksum.Matches(_checksum, Author, Uuid, _timestamp, Id, _isTombstone, Signature)
        && KeyChecksum.Compute(_key.AsSpan(0, PublicKey.Size + LinktreeId.Size), Uuid, _timestamp, _isTombstone) == _keyChecksum
        && keys.Identity(new PublicKey(Author), Uuid) == _identity
        && keys.Prefix(new LinktreeId(Id)) == _prefix;
}
