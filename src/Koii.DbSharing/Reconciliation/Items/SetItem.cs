namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>
/// An item of reconciliation: a record's time in whole seconds and its id, ordered by time and then by id (protocol
/// §5).
/// </summary>
/// <param name="Time">
/// Whole seconds since the Unix epoch, rounded down. <see cref="ulong.MaxValue"/> is reserved for the infinite bound.
/// </param>
/// <param name="Id">The record id.</param>
internal readonly record struct SetItem(ulong Time, LinktreeId Id) : IComparable<SetItem>
{
    private const long MillisecondsPerSecond = 1_000;

    /// <summary>Gets the item of a record.</summary>
    public static SetItem Of(LinktreeVersion version) => new((ulong)(version.Timestamp / MillisecondsPerSecond), version.Id);

    /// <inheritdoc/>
    public int CompareTo(SetItem other)
    {
        var byTime = Time.CompareTo(other.Time);
        return byTime != 0 ? byTime : Id.CompareTo(other.Id);
    }
}
