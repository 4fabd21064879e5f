namespace Koii.DbSharing.Replication;

/// <summary>Counts verdicts. Not safe for use by several threads at once.</summary>
internal sealed class VerdictTally
{
    private readonly long[] _byKind = new long[(int)VerdictKind.Rejected];
    private readonly Dictionary<RejectionReason, long> _rejected = [];

    public void Add(Verdict verdict)
    {
        if (verdict.Kind == VerdictKind.Rejected)
            AddRejected(verdict.Reason, 1);
        else
            _byKind[(int)verdict.Kind]++;
    }

    public void AddRejected(RejectionReason reason, long count)
    {
        // RejectedByReason has no entries with zero.
        if (count > 0)
            _rejected[reason] = _rejected.GetValueOrDefault(reason) + count;
    }

    public void Add(VerdictCounts counts)
    {
        _byKind[(int)VerdictKind.Inserted] += counts.Inserted;
        _byKind[(int)VerdictKind.Replaced] += counts.Replaced;
        _byKind[(int)VerdictKind.Unchanged] += counts.Unchanged;
        _byKind[(int)VerdictKind.Superseded] += counts.Superseded;
        _byKind[(int)VerdictKind.NotYetValid] += counts.NotYetValid;
        _byKind[(int)VerdictKind.Full] += counts.Full;
        foreach (var (reason, count) in counts.RejectedByReason)
            AddRejected(reason, count);
    }

    public VerdictCounts ToCounts() => new()
    {
        Inserted = _byKind[(int)VerdictKind.Inserted],
        Replaced = _byKind[(int)VerdictKind.Replaced],
        Unchanged = _byKind[(int)VerdictKind.Unchanged],
        Superseded = _byKind[(int)VerdictKind.Superseded],
        NotYetValid = _byKind[(int)VerdictKind.NotYetValid],
        Full = _byKind[(int)VerdictKind.Full],
        RejectedByReason = new Dictionary<RejectionReason, long>(_rejected).AsReadOnly(),
    };
}
