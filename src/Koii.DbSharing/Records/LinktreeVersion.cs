namespace Koii.DbSharing;

/// <summary>
/// The version of a record in the order of the protocol (§1): a greater timestamp is newer, and at equal timestamps a
/// greater record id.
/// </summary>
/// <remarks>
/// The order is total and depends only on content, so all nodes order the same records in the same way. Nothing else
/// decides which record is newer. Values are equal if both parts are equal. The default value sorts before every
/// record's version. A version has no text form; in JSON it is an object with both parts.
/// </remarks>
/// <param name="Timestamp">Milliseconds since the Unix epoch, 0 to 2^53−1, by the author's clock.</param>
/// <param name="Id">The record id.</param>
public readonly record struct LinktreeVersion(long Timestamp, LinktreeId Id) : IComparable<LinktreeVersion>
{
    /// <summary>Compares by timestamp, then by id.</summary>
    /// <param name="other">The version to compare with.</param>
    /// <returns>A positive number if this version is newer, a negative number if it is older, or zero.</returns>
    public int CompareTo(LinktreeVersion other)
    {
        var byTime = Timestamp.CompareTo(other.Timestamp);
        return byTime != 0 ? byTime : Id.CompareTo(other.Id);
    }

    /// <summary>Whether the left version is older.</summary>
    public static bool operator <(LinktreeVersion left, LinktreeVersion right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left version is newer.</summary>
    public static bool operator >(LinktreeVersion left, LinktreeVersion right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left version is older or equal.</summary>
    public static bool operator <=(LinktreeVersion left, LinktreeVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left version is newer or equal.</summary>
    public static bool operator >=(LinktreeVersion left, LinktreeVersion right) => left.CompareTo(right) >= 0;
}
