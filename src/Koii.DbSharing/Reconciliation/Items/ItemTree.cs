using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>
/// A mutable set of items: a B+ tree in which each node has the sum of the items below it, so that each operation, and
/// the fingerprint of any range, takes O(log n) time.
/// </summary>
/// <remarks>
/// An item takes 40 bytes if items are added in ascending order, and otherwise at most about 85. For use by one thread
/// at a time; snapshots are immutable.
/// </remarks>
internal sealed class ItemTree
{
    // The token of the current edit. Nodes that were created under it are changed in place; older nodes are shared with
    // a snapshot.
    private object _edit = new();
    private TreeNode _root;

    public ItemTree()
        : this([])
    {
    }

    /// <summary>Creates a tree of items that ascend, in a fraction of the time that it takes to add each.</summary>
    public ItemTree(ReadOnlySpan<SetItem> ascending)
    {
        var nodes = new List<TreeNode> { new TreeLeaf(_edit, ascending[..Math.Min(TreeLeaf.Capacity, ascending.Length)]) };
        for (var i = TreeLeaf.Capacity; i < ascending.Length; i += TreeLeaf.Capacity)
            nodes.Add(new TreeLeaf(_edit, ascending.Slice(i, Math.Min(TreeLeaf.Capacity, ascending.Length - i))));
        while (nodes.Count > 1)
            nodes = [.. nodes.Chunk(TreeBranch.Capacity).Select(children => new TreeBranch(_edit, children))];
        _root = nodes[0];
    }

    /// <summary>The sum of the ids, with their count.</summary>
    public IdSum Sum => _root.Sum;

    /// <summary>Adds an item, unless the set contains it.</summary>
    public void Add(SetItem item)
    {
        // Items that arrive in ascending order need no search.
        if (!IsAfterAll(item) && _root.Contains(item))
            return;
        _root = _root.Own(_edit);
        if (_root.Add(item, _edit) is { } right)
            _root = new TreeBranch(_edit, [_root, right]);
    }

    /// <summary>Removes an item, if the set contains it.</summary>
    public void Remove(SetItem item)
    {
        if (!_root.Contains(item))
            return;
        _root = _root.Own(_edit);
        _root.Remove(item, _edit);
        while (_root is TreeBranch { OnlyChild: { } child })
            _root = child;
    }

    /// <summary>Applies the changes of a store in their order. Applying a change again has no effect.</summary>
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

    /// <summary>Takes a snapshot of the set in constant time. Later edits copy the nodes that they change.</summary>
    public ItemSet Snapshot()
    {
        _edit = new object();
        return new ItemSet(_root);
    }

    private bool IsAfterAll(SetItem item) => _root.Sum.Count == 0 || _root.Last.CompareTo(item) < 0;
}
