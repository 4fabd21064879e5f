using Koii.DbSharing.Storage;

namespace Koii.DbSharing.TestSupport;

/// <summary>
/// An example of a custom store: the four methods over a dictionary. A put changes a copy that then replaces the
/// dictionary, so it is atomic and reads need no lock. A durable store would save the copy to disk before that.
/// </summary>
public sealed class DictionaryStore(DbSharingOptions options) : ILinktreeStore
{
    private readonly int _linktreesPerAuthor = options.LinktreesPerAuthor;
    private readonly StoreBounds _bounds = StoreBounds.From(options);
    private readonly Lock _writeLock = new();
    private volatile Dictionary<LinktreeKey, SignedLinktree> _records = [];

    public ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writeLock)
        {
            var records = new Dictionary<LinktreeKey, SignedLinktree>(_records);
            PutOutcome[] outcomes = [.. linktrees.Select(linktree => Put(records, linktree))];
            _records = records;
            return new(outcomes);
        }
    }

    public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var records = _records;
        return new([.. keys.Select(key => records.GetValueOrDefault(key)?.Version)]);
    }

    public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var records = _records.Values.ToDictionary(record => record.Id);
        return new([.. ids.Distinct().Where(records.ContainsKey).Select(id => records[id])]);
    }

    public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        cancellationToken.ThrowIfCancellationRequested();
        var records = _records.Values
            .Where(record => query.Author is null || record.Author == query.Author)
            .Where(record => query.IncludeTombstones || !record.IsTombstone)
            .Where(record => query.After is null || record.Version > query.After)
            .OrderBy(record => record.Version).ToArray();
        var (count, bytes) = (0, 0);
        while (count < records.Length && count < query.Limit && bytes < LinktreePage.MaxBytes)
            bytes += records[count++].Data.Length;
        return new(new LinktreePage(records[..count], count < records.Length ? records[count - 1].Version : null));
    }

    private PutOutcome Put(Dictionary<LinktreeKey, SignedLinktree> records, SignedLinktree record)
    {
        ArgumentNullException.ThrowIfNull(record);
        var stored = records.GetValueOrDefault(record.Key);
        if (stored?.Version >= record.Version)
            return stored.Id == record.Id ? PutOutcome.Unchanged : PutOutcome.Superseded;

        // What is removed for the record: its older version, and the oldest of its author until there is room.
        var own = records.Values.Where(other => other.Author == record.Author && other != stored).OrderBy(other => other.Version).ToList();
        var before = new StoreSize(records.Count, records.Values.Sum(other => other.Data.Length));
        var after = (stored is null ? before : before.Without(stored.Data.Length)).With(record.Data.Length);
        var removed = new List<SignedLinktree>();
        while (own.Count >= _linktreesPerAuthor || !_bounds.Allow(before, after, isHeld: stored is not null))
        {
            if (own.Count == 0 || own[0].Version > record.Version)
                return own.Count >= _linktreesPerAuthor ? PutOutcome.Superseded : PutOutcome.Full;
            after = after.Without(own[0].Data.Length);
            removed.Add(own[0]);
            own.RemoveAt(0);
        }

        foreach (var old in removed)
            records.Remove(old.Key);
        records[record.Key] = record;
        return stored is null ? PutOutcome.Inserted : PutOutcome.Replaced;
    }
}
