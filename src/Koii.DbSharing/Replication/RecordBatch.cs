namespace Koii.DbSharing.Replication;

/// <summary>The records of one batch without exact repetitions (same id, same signature), and the verdict of each as far as it is decided.</summary>
internal sealed class RecordBatch
{
    private readonly List<SignedLinktree> _distinct;
    private readonly int[] _indexes;

    public RecordBatch(IReadOnlyList<SignedLinktree> records)
    {
        _indexes = new int[records.Count];
        _distinct = new List<SignedLinktree>(records.Count);
        var seen = new Dictionary<SignedLinktree, int>(records.Count);
        for (var i = 0; i < _indexes.Length; i++)
        {
            if (!seen.TryGetValue(records[i], out _indexes[i]))
            {
                seen.Add(records[i], _indexes[i] = _distinct.Count);
                _distinct.Add(records[i]);
            }
        }

        Verdicts = new Verdict?[_distinct.Count];
        Held = new LinktreeVersion?[_distinct.Count];
    }

    /// <summary>The number of distinct records.</summary>
    public int Count => _distinct.Count;

    /// <summary>The verdict of each distinct record, or <see langword="null"/> while it is undecided.</summary>
    public Verdict?[] Verdicts { get; }

    /// <summary>The version of each identity that the store held before, as far as it was looked up.</summary>
    public LinktreeVersion?[] Held { get; }

    public SignedLinktree this[int index] => _distinct[index];

    /// <summary>Gets one verdict for each record of the batch as it was received, repetitions included.</summary>
    public Verdict[] ToVerdicts()
    {
        var verdicts = new Verdict[_indexes.Length];
        var distinctSeen = 0;
        for (var i = 0; i < _indexes.Length; i++)
        {
            var verdict = Verdicts[_indexes[i]]!.Value;
            var isRepetition = _indexes[i] < distinctSeen;
            if (!isRepetition)
                distinctSeen++;
            // One row was stored, so one verdict says so: the repetition finds the record held.
            verdicts[i] = isRepetition && verdict.Kind is VerdictKind.Inserted or VerdictKind.Replaced ? new Verdict(VerdictKind.Unchanged) : verdict;
        }

        return verdicts;
    }
}
