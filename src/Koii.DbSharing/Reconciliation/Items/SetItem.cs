namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>What reconciliation knows of a record: its time in whole seconds and its id, in this order (protocol §5).</summary>
/// <param name="Time">Whole seconds since the Unix epoch, rounded down; less than <see cref="ulong.MaxValue"/>, which bounds use for infinity.</param>
/// <param name="Id">The record id.</param>
internal readonly record struct SetItem(ulong Time, LinktreeId Id) : IComparable<SetItem>
{
    private const long MillisecondsPerSecond = 1_000;

    /// <summary>The item of a record.</summary>
    public static SetItem Of(LinktreeVersion version) => new((ulong)(version.Timestamp / MillisecondsPerSecond), version.Id);

    /// <inheritdoc/>
    public int CompareTo(SetItem other)
    {
        var byTime = Time.CompareTo(other.Time);
        return byTime != 0 ? byTime : Id.CompareTo(other.Id);
    }
}
