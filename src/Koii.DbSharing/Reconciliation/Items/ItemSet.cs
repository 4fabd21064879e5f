namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>
/// A set of items in order, which never changes: what one conversation works on while the store goes on being written. Items are named by their rank, from 0 to
/// <see cref="Count"/>. Safe for use by many threads.
/// </summary>
internal sealed class ItemSet(TreeNode root)
{
    /// <summary>How many items there are.</summary>
    public long Count => root.Sum.Count;

    /// <summary>Count and fingerprint of all of it.</summary>
    public SetSummary Summary => root.Sum.ToSummary();

    /// <summary>Behind every item.</summary>
    public Place End => new(RangeBound.Infinity, root.Sum);

    /// <summary>The place of a bound.</summary>
    public Place PlaceOf(RangeBound bound)
    {
        if (bound.IsInfinity)
            return End;
        var rank = root.RankOf(bound.Lowest);
        return new Place(bound, root.SumBefore(rank));
    }

    /// <summary>The place between the item of a rank, neither the first nor the end, and the one before it, with the shortest bound.</summary>
    public Place PlaceBefore(long rank) => new(RangeBound.Between(ItemAt(rank - 1), ItemAt(rank)), root.SumBefore(rank));

    /// <summary>The item of a rank less than <see cref="Count"/>.</summary>
    public SetItem ItemAt(long rank) => root.RunAt(rank)[0];

    /// <summary>The items from one rank to another, as far as they lie together: at least one where there is one.</summary>
    public ReadOnlySpan<SetItem> RunAt(long from, long to)
    {
        if (from >= to)
            return [];
        var run = root.RunAt(from);
        return run[..(int)Math.Min(run.Length, to - from)];
    }
}
