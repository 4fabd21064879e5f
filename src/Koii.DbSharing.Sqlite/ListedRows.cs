using System.Buffers.Binary;

namespace Koii.DbSharing.Sqlite;

/// <summary>The rows of a page of a list, and at least one more if the list goes on.</summary>
/// <param name="limit">The maximum number of records of the page.</param>
internal sealed class ListedRows(int limit)
{
    private readonly List<ListedRow> _rows = [];
    private long _bytes;

    /// <summary>Whether no further row is needed.</summary>
    internal bool IsComplete { get; private set; }

    internal int Count => _rows.Count;

    /// <summary>The number of rows of the page: up to the limit, or to the record that takes its data to the maximum.</summary>
    internal int CountOfPage
    {
        get
        {
            var bytes = 0L;
            for (var i = 0; i < _rows.Count; i++)
            {
                if (IsFull(i, bytes))
                    return i;
                bytes += _rows[i].Size;
            }

            return _rows.Count;
        }
    }

    internal ListedRow this[int index] => _rows[index];

    /// <summary>Adds the next row in the order of the timestamps and of the first eight bytes of the ids.</summary>
    internal void Add(in ListedRow row)
    {
        // All rows that the index does not order are needed, to order them here.
        var isOrdered = _rows.Count == 0 || _rows[^1].Version.Timestamp != row.Version.Timestamp || PrefixOf(_rows[^1]) != PrefixOf(row);
        IsComplete = isOrdered && IsFull(_rows.Count, _bytes);
        _rows.Add(row);
        _bytes += row.Size;
        for (var i = _rows.Count - 1; i > 0 && _rows[i - 1].Version > _rows[i].Version; i--)
            (_rows[i - 1], _rows[i]) = (_rows[i], _rows[i - 1]);
    }

    private bool IsFull(int count, long bytes) => count >= limit || bytes >= LinktreePage.MaxBytes;

    private static ulong PrefixOf(in ListedRow row) => BinaryPrimitives.ReadUInt64BigEndian(row.Version.Id.AsSpan());
}
