namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>
/// The position of a bound in a set of items. The default value is the start of the set, where the first range begins.
/// </summary>
/// <param name="Bound">The bound.</param>
/// <param name="SumBefore">The sum of the ids of all items before the bound, with their count.</param>
internal readonly record struct BoundPosition(RangeBound Bound, IdSum SumBefore)
{
    /// <summary>The rank of the first item at or after the bound.</summary>
    public long Rank => SumBefore.Count;

    /// <summary>Gets the sum of the items between two positions in the same set.</summary>
    public static IdSum operator -(BoundPosition upper, BoundPosition lower) => upper.SumBefore - lower.SumBefore;
}
