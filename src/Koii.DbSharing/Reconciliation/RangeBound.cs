using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// Where one range ends and the next begins: a time and the first bytes of an id, missing bytes being zero. The default value is where the first range begins.
/// </summary>
internal readonly struct RangeBound : IComparable<RangeBound>
{
    private RangeBound(SetItem lowest, int prefixLength) => (Lowest, PrefixLength) = (lowest, prefixLength);

    /// <summary>Behind every item.</summary>
    public static RangeBound Infinity { get; } = new(new SetItem(ulong.MaxValue, default), 0);

    /// <summary>The least item, real or not, that does not lie before the bound.</summary>
    public SetItem Lowest { get; }

    /// <summary>How many bytes of the id are written, 0 to 32. It says nothing about the place.</summary>
    public int PrefixLength { get; }

    public bool IsInfinity => Lowest.Time == ulong.MaxValue;

    /// <summary>The bound of a time and of a prefix of at most 32 bytes.</summary>
    public static RangeBound At(ulong time, ReadOnlySpan<byte> prefix)
    {
        Span<byte> id = stackalloc byte[LinktreeId.Size];
        id.Clear();
        prefix.CopyTo(id);
        return new RangeBound(new SetItem(time, new LinktreeId(id)), prefix.Length);
    }

    /// <summary>The bound whose range begins with the item itself.</summary>
    public static RangeBound Before(SetItem item) => new(item, LinktreeId.Size);

    /// <summary>The shortest bound between two neighbours: the time, and where they share it, what their ids have in common and one byte more.</summary>
    public static RangeBound Between(SetItem left, SetItem right) => left.Time == right.Time
        ? At(right.Time, right.Id.AsSpan()[..(left.Id.AsSpan().CommonPrefixLength(right.Id.AsSpan()) + 1)])
        : At(right.Time, []);

    /// <inheritdoc/>
    public int CompareTo(RangeBound other) => Lowest.CompareTo(other.Lowest);
}
