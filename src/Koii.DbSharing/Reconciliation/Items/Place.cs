namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>A bound together with what lies before it in a set. The default value is where the first range begins.</summary>
/// <param name="Bound">The bound.</param>
/// <param name="Before">How many items lie before it, and the sum of their ids.</param>
internal readonly record struct Place(RangeBound Bound, IdSum Before)
{
    /// <summary>The rank of the first item that does not lie before the bound.</summary>
    public long Rank => Before.Count;

    /// <summary>What lies between two places of one set.</summary>
    public static IdSum operator -(Place upper, Place lower) => upper.Before - lower.Before;
}
