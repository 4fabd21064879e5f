namespace Koii.DbSharing.Storage;

/// <summary>
/// The changes of an <see cref="InMemoryLinktreeStore"/>. Not safe for use by many threads: the store's lock guards it.
/// </summary>
/// <param name="maxChanges">How many of the newest changes have their removals kept.</param>
/// <param name="retention">The age up to which a removal is kept.</param>
internal sealed class InMemoryChangeFeed(int maxChanges, TimeSpan retention)
{
    // Part of each position, so that a position of another store is recognized.
    private readonly string _name = Guid.NewGuid().ToString("N");

    // Each in ascending order of its number. Entries of trimmed removals stay among the additions until they are half of
    // them.
    private readonly List<InMemoryEntry> _additions = [];
    private readonly Queue<(InMemoryEntry Entry, DateTimeOffset At)> _removals = [];

    private long _last;
    private long _trimmed;
    private int _gone;

    /// <summary>Gives the number of the next change.</summary>
    internal long NextNumber() => ++_last;

    internal void Add(InMemoryEntry entry) => _additions.Add(entry);

    internal void Remove(InMemoryEntry entry, DateTimeOffset now) => _removals.Enqueue((entry, now));

    /// <summary>Trims removals beyond the number and the age that are kept.</summary>
    internal void Trim(DateTimeOffset now)
    {
        while (_removals.TryPeek(out var oldest) && (oldest.Entry.Removed <= _last - maxChanges || now - oldest.At > retention))
        {
            _trimmed = oldest.Entry.Removed;
            _removals.Dequeue();
            _gone++;
        }

        if (_gone > _additions.Count / 2)
        {
            _additions.RemoveAll(entry => entry.Removed > 0 && entry.Removed <= _trimmed);
            _gone = 0;
        }
    }

    internal ChangePage Read(ChangePosition after, int limit)
    {
        var isKept = ChangeCursor.TryParse(after, _name, _last, _trimmed, out var cursor);
        if (!isKept || cursor.Read == _last)
            return new ChangePage([], cursor.ToPosition(_name)) { IsTrimmed = !isKept };

        var page = new ChangePageBuilder(cursor, limit);
        var added = 0;
        for (var i = IndexAfter(page.AdditionsAfter); i < _additions.Count && added < limit; i++)
        {
            var entry = _additions[i];
            if (entry.Removed > 0 && entry.Removed <= page.Head)
                continue;
            page.AddAddition(entry.Added, entry.Linktree.Key, entry.Linktree.Version, entry.Linktree.IsTombstone);
            added++;
        }

        foreach (var (entry, _) in _removals.SkipWhile(removal => removal.Entry.Removed <= page.RemovalsAfter).Take(limit))
            page.AddRemoval(entry.Removed, entry.Linktree.Key, entry.Linktree.Version);
        return page.ToPage(_name, _last);
    }

    private int IndexAfter(long number)
    {
        var (low, high) = (0, _additions.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_additions[middle].Added <= number)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
