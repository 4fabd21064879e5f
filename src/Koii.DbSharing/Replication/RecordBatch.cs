namespace Koii.DbSharing.Replication;

/// <summary>The records of one batch without exact repetitions (same id, same signature), and what is decided about them.</summary>
/// <remarks>Not safe for use by several threads at once: one stage has a batch at a time.</remarks>
internal sealed class RecordBatch
{
    private readonly IReadOnlyList<SignedLinktree> _distinct;
    private readonly int[]? _indexes; // For each record as it was received, its index in _distinct; null without repetitions.
    private readonly Verdict[] _verdicts;
    private readonly bool[] _isDecided;

    /// <summary>Creates a batch in which nothing is decided.</summary>
    /// <param name="peer">The peer that sent it, or <see langword="null"/> for a submission.</param>
    /// <param name="records">The records as they were received.</param>
    public RecordBatch(NodeAddress? peer, IReadOnlyList<SignedLinktree> records)
    {
        Peer = peer;
        (_distinct, _indexes) = IsAscending(records) ? (records, null) : RemoveRepetitions(records);
        _verdicts = new Verdict[_distinct.Count];
        _isDecided = new bool[_distinct.Count];
    }

    /// <summary>The peer that sent the batch, or <see langword="null"/> for a submission.</summary>
    public NodeAddress? Peer { get; }

    /// <summary>The number of distinct records.</summary>
    public int Count => _distinct.Count;

    /// <summary>The indexes of the records that verification left undecided, in ascending order: those to store and the <see cref="Deferred"/> ones.</summary>
    public List<int> Undecided { get; set; } = [];

    /// <summary>The indexes of the records that are decided after the puts before this batch, because those may decide on them.</summary>
    public List<int> Deferred { get; } = [];

    /// <summary>The indexes of the verified records whose <see cref="Held"/> version may be evicted by the puts before this batch, so that it is looked up again.</summary>
    public List<int> Evictable { get; } = [];

    /// <summary>Whether the puts before this batch may concern it.</summary>
    public bool WaitsForPuts => Fault is null && (Deferred.Count > 0 || Evictable.Count > 0);

    /// <summary>The older version that the store held of a record's identity, by the index of the record.</summary>
    public Dictionary<int, LinktreeId> Held { get; } = [];

    /// <summary>The number of failed signature checks.</summary>
    public int FailedChecks { get; set; }

    /// <summary>The maximum number of bad signatures in the batch, known after verification: those found, and all deferred records.</summary>
    public int MaxBadSignatures { get; set; }

    /// <summary>The time at which the first of the records that are too early becomes due, in milliseconds since the Unix epoch.</summary>
    public long? EarliestDue { get; set; }

    /// <summary>The exception of the verifier or the policy. Nothing of the batch is stored then.</summary>
    public ServiceFault? Fault { get; set; }

    /// <summary>Whether the batch is finished: every record has its verdict, and those that stay are stored.</summary>
    public bool IsStored { get; set; }

    public SignedLinktree this[int index] => _distinct[index];

    /// <summary>Gets whether a record has its verdict.</summary>
    public bool IsDecided(int index) => _isDecided[index];

    /// <summary>Sets the verdict of a record.</summary>
    public void Decide(int index, Verdict verdict)
    {
        _verdicts[index] = verdict;
        _isDecided[index] = true;
    }

    /// <summary>Gets the result after every record was decided: one verdict for each record as it was received, repetitions included.</summary>
    public BatchResult ToResult() => Fault is null ? new BatchResult(ToVerdicts(), FailedChecks, EarliestDue) : new BatchResult([], 0, null, Fault);

    /// <summary>Returns whether the records are in strictly ascending order, as in the lists of this library. There are no repetitions then.</summary>
    private static bool IsAscending(IReadOnlyList<SignedLinktree> records)
    {
        for (var i = 1; i < records.Count; i++)
        {
            if (records[i - 1].Version >= records[i].Version)
                return false;
        }

        return true;
    }

    private static (IReadOnlyList<SignedLinktree> Distinct, int[]? Indexes) RemoveRepetitions(IReadOnlyList<SignedLinktree> records)
    {
        var indexes = new int[records.Count];
        var distinct = new List<SignedLinktree>(records.Count);
        var seen = new Dictionary<SignedLinktree, int>(records.Count);
        for (var i = 0; i < indexes.Length; i++)
        {
            if (!seen.TryGetValue(records[i], out indexes[i]))
            {
                seen.Add(records[i], indexes[i] = distinct.Count);
                distinct.Add(records[i]);
            }
        }

        return distinct.Count == records.Count ? (records, null) : (distinct, indexes);
    }

    private Verdict[] ToVerdicts()
    {
        if (_indexes is null)
            return _verdicts;

        var verdicts = new Verdict[_indexes.Length];
        var distinctSeen = 0;
        for (var i = 0; i < _indexes.Length; i++)
        {
            var verdict = _verdicts[_indexes[i]];
            var isRepetition = _indexes[i] < distinctSeen;
            if (!isRepetition)
                distinctSeen++;
            // One row was stored, so one verdict says so: the repetition finds the record held.
            verdicts[i] = isRepetition && verdict.Kind is VerdictKind.Inserted or VerdictKind.Replaced ? new Verdict(VerdictKind.Unchanged) : verdict;
        }

        return verdicts;
    }
}
