namespace Koii.DbSharing.Sqlite;

/// <summary>
/// One author's rows during one transaction: their number, and their order once it is asked for. An author is read at most once a transaction, so that one with very
/// many records costs a page no more than one pass over them.
/// </summary>
internal sealed class AuthorRows(TaskTransaction transaction, PublicKey author)
{
    private SortedDictionary<LinktreeVersion, LinktreeRow>? _byVersion;

    internal int Count { get; private set; } = transaction.CountOf(author);

    internal LinktreeRow Oldest => ByVersion.First().Value;

    private SortedDictionary<LinktreeVersion, LinktreeRow> ByVersion
    {
        get
        {
            if (_byVersion is null)
            {
                _byVersion = [];
                foreach (var row in transaction.RowsOf(author))
                    _byVersion.Add(row.Version, row);
            }

            return _byVersion;
        }
    }

    internal void Add(LinktreeRow row)
    {
        Count++;
        _byVersion?.Add(row.Version, row);
    }

    internal void Replace(LinktreeRow old, LinktreeRow row)
    {
        if (_byVersion?.Remove(old.Version) is true)
            _byVersion.Add(row.Version, row);
    }

    internal void EvictOldest()
    {
        var oldest = Oldest;
        transaction.Evict(oldest);
        ByVersion.Remove(oldest.Version);
        Count--;
    }
}
