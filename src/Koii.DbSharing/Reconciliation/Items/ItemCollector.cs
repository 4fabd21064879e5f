using System.Runtime.InteropServices;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>
/// Collects the items of a store while its change feed is read from the start, so that their tree is built at once: for
/// items in random order this takes a fraction of the time that it takes to add each to an <see cref="ItemTree"/>.
/// </summary>
internal sealed class ItemCollector
{
    private readonly List<SetItem> _added = [];
    private readonly List<SetItem> _removed = [];

    /// <summary>Collects the next changes of the feed.</summary>
    public void Apply(IReadOnlyList<LinktreeChange> changes)
    {
        foreach (var change in changes)
        {
            if (change.Removed is { } removed)
                _removed.Add(SetItem.Of(removed));
            if (change.Added is { } added)
                _added.Add(SetItem.Of(added));
        }
    }

    /// <summary>Creates the tree of the items that were added and not removed. The collector is not used again.</summary>
    public ItemTree ToTree()
    {
        var items = CollectionsMarshal.AsSpan(_added);
        items.Sort();
        if (_removed.Count == 0)
            return new ItemTree(items);

        // Each removal follows the addition of the same item, so each cancels one, in whatever order they are compared. A
        // removal without an addition has no effect, as in the tree.
        _removed.Sort();
        var (kept, canceled) = (0, 0);
        foreach (var item in items)
        {
            while (canceled < _removed.Count && _removed[canceled].CompareTo(item) < 0)
                canceled++;
            if (canceled < _removed.Count && _removed[canceled] == item)
                canceled++;
            else
                items[kept++] = item;
        }

        return new ItemTree(items[..kept]);
    }
}
