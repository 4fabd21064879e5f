namespace Koii.DbSharing.Replication;

/// <summary>A page on its way through the intake: its records without exact repeats (same record id, same signature), and what is known of each so far.</summary>
internal sealed class IntakePage
{
    private readonly List<SignedLinktree> _distinct;
    private readonly int[] _places;

    public IntakePage(IReadOnlyList<SignedLinktree> linktrees)
    {
        _places = new int[linktrees.Count];
        _distinct = new List<SignedLinktree>(linktrees.Count);
        var seen = new Dictionary<SignedLinktree, int>(linktrees.Count);
        for (var i = 0; i < _places.Length; i++)
        {
            if (!seen.TryGetValue(linktrees[i], out _places[i]))
            {
                seen.Add(linktrees[i], _places[i] = _distinct.Count);
                _distinct.Add(linktrees[i]);
            }
        }

        Verdicts = new Verdict?[_distinct.Count];
        Held = new LinktreeVersion?[_distinct.Count];
    }

    public int Count => _distinct.Count;

    /// <summary>The verdict of each distinct record, as far as there is one.</summary>
    public Verdict?[] Verdicts { get; }

    /// <summary>What was held of each one's identity before, as far as it was looked up.</summary>
    public LinktreeVersion?[] Held { get; }

    public SignedLinktree this[int index] => _distinct[index];

    /// <summary>One verdict for each record of the page as it came.</summary>
    public Verdict[] VerdictsOfAll()
    {
        var answers = new Verdict[_places.Length];
        var met = 0;
        for (var i = 0; i < _places.Length; i++)
        {
            var verdict = Verdicts[_places[i]]!.Value;
            var isRepeat = _places[i] < met;
            if (!isRepeat)
                met++;
            // One row, one Inserted: the repeat of a record that was stored a moment ago is held already.
            answers[i] = isRepeat && verdict.Kind is VerdictKind.Inserted or VerdictKind.Replaced ? new Verdict(VerdictKind.Unchanged) : verdict;
        }

        return answers;
    }
}
