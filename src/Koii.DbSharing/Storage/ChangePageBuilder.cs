namespace Koii.DbSharing.Storage;

/// <summary>
/// Builds a page of a change feed from the additions and removals that a store has numbered (<see cref="ChangeCursor"/>).
/// </summary>
/// <remarks>
/// For authors of stores. Pass at least the first <see cref="Limit"/> additions after <see cref="AdditionsAfter"/> and the
/// first <see cref="Limit"/> removals after <see cref="RemovalsAfter"/>, or all if there are fewer, from one state of the
/// store and in any order. Not safe for use by many threads.
/// </remarks>
/// <param name="cursor">The cursor of the reader.</param>
/// <param name="limit">The maximum number of changes of the page, at least 1.</param>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is less than 1.</exception>
public sealed class ChangePageBuilder(ChangeCursor cursor, int limit)
{
    private readonly List<Entry> _entries = [];
    private bool _isSorted = true;

    /// <summary>The maximum number of changes of the page.</summary>
    public int Limit { get; } = limit >= 1 ? limit : throw new ArgumentOutOfRangeException(nameof(limit), limit, "A page has at least one change.");

    /// <summary>The number after which additions are to be passed.</summary>
    public long AdditionsAfter => cursor.Read;

    /// <summary>
    /// The number after which removals are to be passed, and after which a version must have been removed for its addition to
    /// be passed.
    /// </summary>
    public long RemovalsAfter => cursor.Head;

    /// <summary>Adds the addition of a version.</summary>
    /// <param name="number">The number of the change that added it.</param>
    /// <param name="key">The identity.</param>
    /// <param name="version">The version.</param>
    /// <param name="isTombstone">Whether it is a tombstone.</param>
    public void AddAddition(long number, LinktreeKey key, LinktreeVersion version, bool isTombstone) =>
        Add(new Entry(2 * number + 1, key, version, isTombstone));

    /// <summary>Adds the removal of a version.</summary>
    /// <param name="number">
    /// The number of the change that removed it: that of the addition which replaced it, or one of its own.
    /// </param>
    /// <param name="key">The identity.</param>
    /// <param name="version">The version.</param>
    public void AddRemoval(long number, LinktreeKey key, LinktreeVersion version) => Add(new Entry(2 * number, key, version, IsTombstone: false));

    /// <summary>Builds the page.</summary>
    /// <param name="feed">The name of the feed.</param>
    /// <param name="last">The number of the store's last change in the same state.</param>
    /// <returns>The first changes in the order of their numbers.</returns>
    public ChangePage ToPage(string feed, long last)
    {
        if (!_isSorted)
            _entries.Sort(static (left, right) => left.Order.CompareTo(right.Order));

        var changes = new List<LinktreeChange>(Math.Min(Limit, _entries.Count));
        var read = cursor.Read;
        for (var i = 0; i < _entries.Count && changes.Count < Limit; i++)
        {
            var entry = _entries[i];
            LinktreeVersion? removed = null;
            read = entry.Number;
            if (entry.IsRemoval)
            {
                removed = entry.Version;
                if (i + 1 == _entries.Count || _entries[i + 1].Number != read)
                {
                    changes.Add(new LinktreeChange(LinktreeChangeKind.Evicted, entry.Key, null, removed));
                    continue;
                }

                entry = _entries[++i];
            }

            var kind = entry.IsTombstone ? LinktreeChangeKind.Deleted : removed is null ? LinktreeChangeKind.Inserted : LinktreeChangeKind.Replaced;
            changes.Add(new LinktreeChange(kind, entry.Key, entry.Version, removed));
        }

        return new ChangePage(changes, cursor.AdvanceTo(changes.Count < Limit ? last : read).ToPosition(feed));
    }

    private void Add(Entry entry)
    {
        _isSorted = _isSorted && (_entries.Count == 0 || _entries[^1].Order < entry.Order);
        _entries.Add(entry);
    }

    /// <summary>An addition or a removal; of one number, the removal comes first.</summary>
    private readonly record struct Entry(long Order, LinktreeKey Key, LinktreeVersion Version, bool IsTombstone)
    {
        public long Number => Order >> 1;

        public bool IsRemoval => (Order & 1) == 0;
    }
}
