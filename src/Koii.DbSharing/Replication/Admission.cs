namespace Koii.DbSharing.Replication;

/// <summary>
/// Decides what can be said of a record without looking at its signature (protocol §4), the cheapest questions first. A record that it leaves
/// undecided would change the store, and only for such a record is a signature checked. No I/O and no clock of its own: same arguments, same verdict.
/// </summary>
internal sealed class Admission(string taskId, TimeSpan maxClockSkew)
{
    // Whole milliseconds, since timestamps are: then cutting the clock to milliseconds too gives the exact answer.
    private readonly long _maxClockSkew = maxClockSkew.Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>Judges by what the record says of itself.</summary>
    /// <returns>The verdict, or <see langword="null"/> when it depends on what is held.</returns>
    public Verdict? Judge(SignedLinktree linktree, DateTimeOffset now)
    {
        if (linktree.TaskId is { } named && named != taskId)
            return new Verdict(VerdictKind.Rejected, RejectionReason.OtherTask);
        if (DueAt(linktree) > now.ToUnixTimeMilliseconds())
            return new Verdict(VerdictKind.NotYetValid);
        return null;
    }

    /// <summary>Judges by the version of the same identity that is held. The ids on both sides were computed here, so nobody can forge their equality.</summary>
    /// <returns>The verdict, or <see langword="null"/> when the record is newer than what is held.</returns>
    public static Verdict? Judge(LinktreeVersion version, LinktreeVersion? held) =>
        held is not { } current || version > current ? null
        : version == current ? new Verdict(VerdictKind.Unchanged)
        : new Verdict(VerdictKind.Superseded);

    /// <summary>
    /// From when on the record is not too early, in milliseconds since the Unix epoch. Numbers throughout: the greatest timestamps do not fit a
    /// <see cref="DateTimeOffset"/>.
    /// </summary>
    public long DueAt(SignedLinktree linktree) => linktree.Timestamp - _maxClockSkew;
}
