namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>A branch: up to <see cref="Capacity"/> child nodes, all of the same height.</summary>
internal sealed class TreeBranch : TreeNode
{
    public const int Capacity = 64;

    private BoundedList<TreeNode> _children;

    public TreeBranch(object edit, ReadOnlySpan<TreeNode> children)
        : this(edit, new BoundedList<TreeNode>(Capacity, children))
    {
    }

    private TreeBranch(object edit, BoundedList<TreeNode> children)
        : base(edit)
    {
        _children = children;
        Sum = SumOf(children.Entries);
    }

    /// <inheritdoc/>
    public override SetItem First => _children.Entries[0].First;

    /// <inheritdoc/>
    public override SetItem Last => _children.Entries[^1].Last;

    /// <inheritdoc/>
    public override bool IsSparse => _children.IsSparse;

    /// <summary>
    /// The only child, or <see langword="null"/> if there are several. A root with only one child is redundant.
    /// </summary>
    public TreeNode? OnlyChild => _children.Count == 1 ? _children.Entries[0] : null;

    /// <inheritdoc/>
    public override bool Contains(SetItem item) => _children.Entries[IndexOf(item)].Contains(item);

    /// <inheritdoc/>
    public override long RankOf(SetItem item)
    {
        var index = IndexOf(item);
        var before = 0L;
        foreach (var child in _children.Entries[..index])
            before += child.Sum.Count;
        return before + _children.Entries[index].RankOf(item);
    }

    /// <inheritdoc/>
    public override IdSum SumBefore(long rank)
    {
        var sum = new IdSum();
        foreach (var child in _children.Entries)
        {
            if (rank < child.Sum.Count)
                return rank > 0 ? sum + child.SumBefore(rank) : sum;
            sum += child.Sum;
            rank -= child.Sum.Count;
        }

        return sum;
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<SetItem> RunAt(long rank)
    {
        foreach (var child in _children.Entries)
        {
            if (rank < child.Sum.Count)
                return child.RunAt(rank);
            rank -= child.Sum.Count;
        }

        return [];
    }

    /// <inheritdoc/>
    public override TreeNode? Add(SetItem item, object edit)
    {
        var index = IndexOf(item);
        var child = OwnChild(index, edit);
        Sum = Sum.With(item.Id);
        return child.Add(item, edit) is { } neighbor ? Insert(index + 1, neighbor, edit) : null;
    }

    /// <inheritdoc/>
    public override void Remove(SetItem item, object edit)
    {
        var index = IndexOf(item);
        var child = OwnChild(index, edit);
        Sum = Sum.Without(item.Id);
        child.Remove(item, edit);
        if (_children.Count == 1)
            return;
        if (child.Sum.Count == 0)
            _children.RemoveAt(index);
        else if (child.IsSparse)
            MergeAt(Math.Min(index, _children.Count - 2), edit);
    }

    /// <inheritdoc/>
    public override TreeNode? Merge(TreeNode right, object edit)
    {
        var remaining = _children.Merge(((TreeBranch)right)._children);
        Sum = SumOf(_children.Entries);
        return remaining.Count > 0 ? new TreeBranch(edit, remaining) : null;
    }

    /// <inheritdoc/>
    protected override TreeNode Copy(object edit) => new TreeBranch(edit, _children.Copy());

    private static IdSum SumOf(ReadOnlySpan<TreeNode> nodes)
    {
        var sum = new IdSum();
        foreach (var node in nodes)
            sum += node.Sum;
        return sum;
    }

    private TreeBranch? Insert(int index, TreeNode node, object edit)
    {
        if (!_children.IsFull)
        {
            _children.Insert(index, node);
            return null;
        }

        var half = index == Capacity ? Capacity : Capacity / 2;
        var right = new TreeBranch(edit, _children.Split(half));
        if (index < half)
            _children.Insert(index, node);
        else
            right._children.Insert(index - half, node);
        right.Sum = SumOf(right._children.Entries);
        Sum = SumOf(_children.Entries);
        return right;
    }

    private void MergeAt(int index, object edit)
    {
        var left = OwnChild(index, edit);
        var remaining = left.Merge(_children.Entries[index + 1], edit);
        if (remaining is null)
            _children.RemoveAt(index + 1);
        else
            _children.Entries[index + 1] = remaining;
    }

    private TreeNode OwnChild(int index, object edit)
    {
        ref var child = ref _children.Entries[index];
        return child = child.Own(edit);
    }

    /// <summary>Gets the index of the last child that does not start after the item, or of the first child.</summary>
    private int IndexOf(SetItem item)
    {
        var children = _children.Entries;
        var (low, high) = (1, children.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (children[middle].First.CompareTo(item) <= 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }
}
