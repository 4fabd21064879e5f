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

    // Each in ascending order of its number. Trimmed entries are deleted when they are more than half of a list.
    private readonly List<InMemoryEntry> _additions = [];
    private readonly List<(InMemoryEntry Entry, DateTimeOffset At)> _removals = [];

    private long _last;
    private long _trimmed;
    private int _trimmedAdditions;
    private int _trimmedRemovals;

    /// <summary>Gives the number of the next change.</summary>
    internal long NextNumber() => ++_last;

    internal void Add(InMemoryEntry entry) => _additions.Add(entry);

    internal void Remove(InMemoryEntry entry, DateTimeOffset now) => _removals.Add((entry, now));

    /// <summary>Trims removals beyond the number and the age that are kept.</summary>
    internal void Trim(DateTimeOffset now)
    {
        while (_trimmedRemovals < _removals.Count && IsTrimmed(_removals[_trimmedRemovals], now))
        {
            _trimmed = _removals[_trimmedRemovals].Entry.Removed;
            _trimmedRemovals++;
            _trimmedAdditions++;
        }

        if (_trimmedRemovals > _removals.Count / 2)
        {
            _removals.RemoveRange(0, _trimmedRemovals);
            _trimmedRemovals = 0;
        }

        if (_trimmedAdditions > _additions.Count / 2)
        {
            _additions.RemoveAll(entry => entry.Removed > 0 && entry.Removed <= _trimmed);
            _trimmedAdditions = 0;
        }
    }

    internal ChangePage Read(ChangePosition after, int limit)
    {
        var isKept = ChangeCursor.TryParse(after, _name, _last, _trimmed, out var cursor);
        if (!isKept || cursor.Read == _last)
            return new ChangePage([], cursor.ToPosition(_name)) { IsTrimmed = !isKept };

        var page = new ChangePageBuilder(cursor, limit);
        var added = 0;
        for (var i = IndexAfter(page.AdditionsAfter, _additions, entry => entry.Added); i < _additions.Count && added < limit; i++)
        {
            var entry = _additions[i];
            if (entry.Removed > 0 && entry.Removed <= page.RemovalsAfter)
                continue;
            page.AddAddition(entry.Added, entry.Key, entry.Version, entry.IsTombstone);
            added++;
        }

        var first = IndexAfter(page.RemovalsAfter, _removals, removal => removal.Entry.Removed);
        for (var i = first; i < _removals.Count && i - first < limit; i++)
        {
            var entry = _removals[i].Entry;
            page.AddRemoval(entry.Removed, entry.Key, entry.Version);
        }

        return page.ToPage(_name, _last);
    }

    private bool IsTrimmed((InMemoryEntry Entry, DateTimeOffset At) removal, DateTimeOffset now) =>
        removal.Entry.Removed <= _last - maxChanges || now - removal.At > retention;

    private static int IndexAfter<T>(long number, List<T> ascending, Func<T, long> numberOf)
    {
        var (low, high) = (0, ascending.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (numberOf(ascending[middle]) <= number)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
