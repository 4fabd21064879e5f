namespace Koii.DbSharing.Sqlite;

/// <summary>
/// The rows of one author during one transaction: an upper bound of their number, and the rows once they are needed. They are
/// read at most once in a transaction, so an author with very many records costs a batch no more than one pass over them.
/// </summary>
internal sealed class AuthorRows(TaskTransaction transaction, PublicKey author)
{
    private int _atMost = transaction.CountWithPrefixOf(author);
    private SortedDictionary<LinktreeVersion, LinktreeRow>? _rows;

    /// <summary>The rows in ascending order of their versions.</summary>
    internal IEnumerable<LinktreeRow> Ascending => Rows.Values;

    private SortedDictionary<LinktreeVersion, LinktreeRow> Rows =>
        _rows ??= new(transaction.RowsOf(author).ToDictionary(row => row.Version));

    /// <summary>Gets by how many records the author has more than a number, or 0.</summary>
    internal int ExcessOver(int count) => _atMost <= count ? 0 : Math.Max(0, Rows.Count - count);

    internal void Add(LinktreeRow row)
    {
        _atMost++;
        _rows?.Add(row.Version, row);
    }

    internal void Replace(LinktreeRow old, LinktreeRow row)
    {
        if (_rows?.Remove(old.Version) is true)
            _rows.Add(row.Version, row);
    }

    internal void Evict(LinktreeRow row)
    {
        transaction.Evict(row);
        Rows.Remove(row.Version);
        _atMost--;
    }
}
