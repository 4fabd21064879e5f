namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>
/// An immutable, ordered set of items: a snapshot of an <see cref="ItemTree"/>. One reconciliation works on it while
/// the store changes.
/// </summary>
/// <remarks>
/// The rank of an item is its index in the order, from 0 to <see cref="Count"/>. Safe for use by multiple threads.
/// </remarks>
/// <param name="root">The root of the tree at the time of the snapshot.</param>
internal sealed class ItemSet(TreeNode root)
{
    /// <summary>The number of items.</summary>
    public long Count => root.Sum.Count;

    /// <summary>Count and fingerprint of the set.</summary>
    public SetSummary Summary => root.Sum.ToSummary();

    /// <summary>The position after all items.</summary>
    public BoundPosition End => new(RangeBound.Infinity, root.Sum);

    /// <summary>Gets the position of a bound.</summary>
    public BoundPosition PositionOf(RangeBound bound) => bound.IsInfinity ? End : new BoundPosition(bound, root.SumBefore(root.RankOf(bound.Lowest)));

    /// <summary>
    /// Gets the position between the item of a rank and the one before it, with the shortest bound. The rank is neither
    /// the first nor the end.
    /// </summary>
    public BoundPosition PositionBefore(long rank) => new(RangeBound.Between(ItemAt(rank - 1), ItemAt(rank)), root.SumBefore(rank));

    /// <summary>Gets the item of a rank less than <see cref="Count"/>.</summary>
    public SetItem ItemAt(long rank) => root.RunAt(rank)[0];

    /// <summary>
    /// Gets consecutive items from one rank to another, as many as are contiguous in memory: at least one, unless the
    /// range is empty.
    /// </summary>
    public ReadOnlySpan<SetItem> RunAt(long from, long to)
    {
        if (from >= to)
            return [];
        var run = root.RunAt(from);
        return run[..(int)Math.Min(run.Length, to - from)];
    }
}
