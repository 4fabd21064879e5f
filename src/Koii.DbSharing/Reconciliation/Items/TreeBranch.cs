namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>Nodes side by side, all of one height.</summary>
internal sealed class TreeBranch : TreeNode
{
    public const int Capacity = 64;

    private Row<TreeNode> _children;

    public TreeBranch(object edit, TreeNode left, TreeNode right)
        : this(edit, new Row<TreeNode>(Capacity))
    {
        _children.Insert(0, left);
        _children.Insert(1, right);
        Sum = SumOf(_children.Entries);
    }

    private TreeBranch(object edit, Row<TreeNode> children)
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

    /// <summary>The only child, or <see langword="null"/> where there are several: then a root is one too many.</summary>
    public TreeNode? OnlyChild => _children.Count == 1 ? _children.Entries[0] : null;

    /// <inheritdoc/>
    public override long RankOf(SetItem item)
    {
        var place = PlaceOf(item);
        var before = 0L;
        foreach (var child in _children.Entries[..place])
            before += child.Sum.Count;
        return before + _children.Entries[place].RankOf(item);
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
        var place = PlaceOf(item);
        var child = OwnChild(place, edit);
        Sum = Sum.With(item.Id);
        return child.Add(item, edit) is { } neighbour ? Insert(place + 1, neighbour, edit) : null;
    }

    /// <inheritdoc/>
    public override void Remove(SetItem item, object edit)
    {
        var place = PlaceOf(item);
        var child = OwnChild(place, edit);
        Sum = Sum.Without(item.Id);
        child.Remove(item, edit);
        if (child.IsSparse && _children.Count > 1)
            JoinAt(Math.Min(place, _children.Count - 2), edit);
    }

    /// <inheritdoc/>
    public override TreeNode? Join(TreeNode right, object edit)
    {
        var rest = _children.Join(((TreeBranch)right)._children);
        Sum = SumOf(_children.Entries);
        return rest.Count > 0 ? new TreeBranch(edit, rest) : null;
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

    private TreeBranch? Insert(int place, TreeNode node, object edit)
    {
        if (!_children.IsFull)
        {
            _children.Insert(place, node);
            return null;
        }

        var half = place == Capacity ? Capacity : Capacity / 2;
        var right = new TreeBranch(edit, _children.Split(half));
        if (place < half)
            _children.Insert(place, node);
        else
            right._children.Insert(place - half, node);
        right.Sum = SumOf(right._children.Entries);
        Sum = SumOf(_children.Entries);
        return right;
    }

    private void JoinAt(int place, object edit)
    {
        var left = OwnChild(place, edit);
        var rest = left.Join(_children.Entries[place + 1], edit);
        if (rest is null)
            _children.RemoveAt(place + 1);
        else
            _children.Entries[place + 1] = rest;
    }

    private TreeNode OwnChild(int place, object edit)
    {
        ref var child = ref _children.Entries[place];
        return child = child.Own(edit);
    }

    /// <summary>The last child that does not begin behind the item, or the first.</summary>
    private int PlaceOf(SetItem item)
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
