using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>
/// A set of items that changes: a B+ tree whose nodes know the sums of what is below them, so that every operation, and the fingerprint of any range, takes O(log n). It
/// holds 40 bytes an item where it is filled in ascending order, and at most about 85. One thread at a time; the snapshots are for everybody.
/// </summary>
internal sealed class ItemTree
{
    // What an edit made since the last snapshot it may go on changing in place; everything older is shared with a snapshot.
    private object _edit = new();
    private TreeNode _root;

    public ItemTree() => _root = new TreeLeaf(_edit);

    /// <summary>How many items there are, and the sum of their ids.</summary>
    public IdSum Sum => _root.Sum;

    /// <summary>Adds an item. One that is there already changes nothing.</summary>
    public void Add(SetItem item)
    {
        // What is listed in order is behind everything that was listed before.
        if (!IsBehindAll(item) && Contains(item))
            return;
        _root = _root.Own(_edit);
        if (_root.Add(item, _edit) is { } right)
            _root = new TreeBranch(_edit, _root, right);
    }

    /// <summary>Removes an item. One that is not there changes nothing.</summary>
    public void Remove(SetItem item)
    {
        if (!Contains(item))
            return;
        _root = _root.Own(_edit);
        _root.Remove(item, _edit);
        if (_root is TreeBranch { OnlyChild: { } child })
            _root = child;
    }

    /// <summary>Applies changes of a store in their order. What is there already, or gone already, may be told again.</summary>
    public void Apply(IReadOnlyList<LinktreeChange> changes)
    {
        foreach (var change in changes)
        {
            if (change.Removed is { } removed)
                Remove(SetItem.Of(removed));
            if (change.Added is { } added)
                Add(SetItem.Of(added));
        }
    }

    /// <summary>Takes the set as it is now, in no time; what changes later is copied, node by node.</summary>
    public ItemSet Snapshot()
    {
        _edit = new object();
        return new ItemSet(_root);
    }

    private bool IsBehindAll(SetItem item) => _root.Sum.Count == 0 || _root.Last.CompareTo(item) < 0;

    private bool Contains(SetItem item)
    {
        var rank = _root.RankOf(item);
        return rank < _root.Sum.Count && _root.RunAt(rank)[0] == item;
    }
}
