namespace Koii.DbSharing;

/// <summary>
/// The one order of the protocol (§1): newer is the greater timestamp, and at equal timestamps the greater record id. It is
/// total and depends on content alone, so every node orders the same records alike. Nothing else decides what is newer.
/// </summary>
/// <param name="Timestamp">Milliseconds since the Unix epoch, 0 to 2^53−1, as the author wrote them.</param>
/// <param name="Id">The record id.</param>
public readonly record struct LinktreeVersion(long Timestamp, LinktreeId Id) : IComparable<LinktreeVersion>
{
    /// <summary>Compares by timestamp, then by id.</summary>
    /// <param name="other">The version to compare with.</param>
    /// <returns>Positive when this version is the newer one.</returns>
    public int CompareTo(LinktreeVersion other)
    {
        var byTime = Timestamp.CompareTo(other.Timestamp);
        return byTime != 0 ? byTime : Id.CompareTo(other.Id);
    }

    /// <summary>Whether the left version is older.</summary>
    public static bool operator <(LinktreeVersion left, LinktreeVersion right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left version is newer.</summary>
    public static bool operator >(LinktreeVersion left, LinktreeVersion right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left version is not newer.</summary>
    public static bool operator <=(LinktreeVersion left, LinktreeVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left version is not older.</summary>
    public static bool operator >=(LinktreeVersion left, LinktreeVersion right) => left.CompareTo(right) >= 0;
}
