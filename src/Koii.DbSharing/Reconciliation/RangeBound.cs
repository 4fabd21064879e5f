using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// The bound between two ranges: a time and the first bytes of an id, whose missing bytes are zero. The default value
/// is the lower bound of the first range.
/// </summary>
internal readonly struct RangeBound : IComparable<RangeBound>
{
    private RangeBound(SetItem lowest, int prefixLength) => (Lowest, PrefixLength) = (lowest, prefixLength);

    /// <summary>The bound after all items.</summary>
    public static RangeBound Infinity { get; } = new(new SetItem(ulong.MaxValue, default), 0);

    /// <summary>The lowest possible item that is not before the bound.</summary>
    public SetItem Lowest { get; }

    /// <summary>The number of id bytes in the wire form, 0 to 32. It does not affect the order of bounds.</summary>
    public int PrefixLength { get; }

    public bool IsInfinity => Lowest.Time == ulong.MaxValue;

    /// <summary>Creates the bound of a time and a prefix of at most 32 bytes.</summary>
    public static RangeBound At(ulong time, ReadOnlySpan<byte> prefix)
    {
        Span<byte> id = stackalloc byte[LinktreeId.Size];
        id.Clear();
        prefix.CopyTo(id);
        return new RangeBound(new SetItem(time, new LinktreeId(id)), prefix.Length);
    }

    /// <summary>Creates the bound of a range whose first item is <paramref name="item"/>.</summary>
    public static RangeBound Before(SetItem item) => new(item, LinktreeId.Size);

    /// <summary>
    /// Creates the shortest bound between two consecutive items: the time, and if both have the same time, the common
    /// prefix of their ids and one more byte.
    /// </summary>
    public static RangeBound Between(SetItem left, SetItem right) => left.Time == right.Time
        ? At(right.Time, right.Id.AsSpan()[..(left.Id.AsSpan().CommonPrefixLength(right.Id.AsSpan()) + 1)])
        : At(right.Time, []);

    /// <inheritdoc/>
    public int CompareTo(RangeBound other) => Lowest.CompareTo(other.Lowest);
}
