namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>A leaf: up to <see cref="Capacity"/> items in one array, 40 bytes each.</summary>
internal sealed class TreeLeaf : TreeNode
{
    // Large enough to make the memory of branches negligible; small enough that copying a leaf and summing a part of it
    // are cheap.
    public const int Capacity = 128;

    private BoundedList<SetItem> _items;

    public TreeLeaf(object edit)
        : this(edit, new BoundedList<SetItem>(Capacity))
    {
    }

    public TreeLeaf(object edit, ReadOnlySpan<SetItem> items)
        : this(edit, new BoundedList<SetItem>(Capacity, items))
    {
    }

    private TreeLeaf(object edit, BoundedList<SetItem> items)
        : base(edit)
    {
        _items = items;
        Sum = SumOf(items.Entries);
    }

    /// <inheritdoc/>
    public override SetItem First => _items.Entries[0];

    /// <inheritdoc/>
    public override SetItem Last => _items.Entries[^1];

    /// <inheritdoc/>
    public override bool IsSparse => _items.IsSparse;

    /// <inheritdoc/>
    public override bool Contains(SetItem item) => _items.Entries.BinarySearch(item) >= 0;

    /// <inheritdoc/>
    public override long RankOf(SetItem item) => IndexOf(item);

    /// <inheritdoc/>
    public override IdSum SumBefore(long rank) => SumOf(_items.Entries[..(int)rank]);

    /// <inheritdoc/>
    public override ReadOnlySpan<SetItem> RunAt(long rank) => _items.Entries[(int)rank..];

    /// <inheritdoc/>
    public override TreeNode? Add(SetItem item, object edit)
    {
        var index = IndexOf(item);
        if (!_items.IsFull)
        {
            Insert(index, item);
            return null;
        }

        // An item after all others is usually followed by more, so a list in ascending order fills its leaves
        // completely.
        var half = index == Capacity ? Capacity : Capacity / 2;
        var right = new TreeLeaf(edit, _items.Split(half));
        Sum = SumOf(_items.Entries);
        if (index < half)
            Insert(index, item);
        else
            right.Insert(index - half, item);
        return right;
    }

    /// <inheritdoc/>
    public override void Remove(SetItem item, object edit)
    {
        _items.RemoveAt(IndexOf(item));
        Sum = Sum.Without(item.Id);
    }

    /// <inheritdoc/>
    public override TreeNode? Merge(TreeNode right, object edit)
    {
        var remaining = _items.Merge(((TreeLeaf)right)._items);
        Sum = SumOf(_items.Entries);
        return remaining.Count > 0 ? new TreeLeaf(edit, remaining) : null;
    }

    /// <inheritdoc/>
    protected override TreeNode Copy(object edit) => new TreeLeaf(edit, _items.Copy());

    private static IdSum SumOf(ReadOnlySpan<SetItem> items)
    {
        var sum = new IdSum();
        foreach (ref readonly var item in items)
            sum.Add(item.Id);
        return sum;
    }

    private void Insert(int index, SetItem item)
    {
        _items.Insert(index, item);
        Sum = Sum.With(item.Id);
    }

    private int IndexOf(SetItem item)
    {
        var index = _items.Entries.BinarySearch(item);
        return index < 0 ? ~index : index;
    }
}
