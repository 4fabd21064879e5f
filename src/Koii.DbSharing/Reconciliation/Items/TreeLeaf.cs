namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>Items side by side, 40 bytes each.</summary>
internal sealed class TreeLeaf : TreeNode
{
    // Large, so that the nodes above cost next to nothing; small, so that an edit copies little and a sum within a leaf is soon made.
    public const int Capacity = 128;

    private Row<SetItem> _items;

    public TreeLeaf(object edit)
        : this(edit, new Row<SetItem>(Capacity))
    {
    }

    private TreeLeaf(object edit, Row<SetItem> items)
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
    public override long RankOf(SetItem item) => PlaceOf(item);

    /// <inheritdoc/>
    public override IdSum SumBefore(long rank) => SumOf(_items.Entries[..(int)rank]);

    /// <inheritdoc/>
    public override ReadOnlySpan<SetItem> RunAt(long rank) => _items.Entries[(int)rank..];

    /// <inheritdoc/>
    public override TreeNode? Add(SetItem item, object edit)
    {
        var place = PlaceOf(item);
        if (!_items.IsFull)
        {
            Insert(place, item);
            return null;
        }

        // What comes behind everything is most often followed by more: a list that is read in order fills its leaves to the last place.
        var half = place == Capacity ? Capacity : Capacity / 2;
        var right = new TreeLeaf(edit, _items.Split(half));
        Sum = SumOf(_items.Entries);
        if (place < half)
            Insert(place, item);
        else
            right.Insert(place - half, item);
        return right;
    }

    /// <inheritdoc/>
    public override void Remove(SetItem item, object edit)
    {
        _items.RemoveAt(PlaceOf(item));
        Sum = Sum.Without(item.Id);
    }

    /// <inheritdoc/>
    public override TreeNode? Join(TreeNode right, object edit)
    {
        var rest = _items.Join(((TreeLeaf)right)._items);
        Sum = SumOf(_items.Entries);
        return rest.Count > 0 ? new TreeLeaf(edit, rest) : null;
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

    private void Insert(int place, SetItem item)
    {
        _items.Insert(place, item);
        Sum = Sum.With(item.Id);
    }

    private int PlaceOf(SetItem item)
    {
        var place = _items.Entries.BinarySearch(item);
        return place < 0 ? ~place : place;
    }
}
