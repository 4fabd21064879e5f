namespace Koii.DbSharing.TestSupport;

/// <summary>
/// An example of a custom store: the four methods over a dictionary. A put changes a copy that then replaces the
/// dictionary, so it is atomic and reads need no lock. A durable store would save the copy to disk before that.
/// </summary>
public sealed class DictionaryStore(DbSharingOptions options) : ILinktreeStore
{
    private readonly int _linktreesPerAuthor = options.LinktreesPerAuthor;
    private readonly long _maxRecords = options.MaxRecords;
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
        if (stored is null)
        {
            var own = records.Values.Where(other => other.Author == record.Author).OrderBy(other => other.Version).ToArray();
            if (own.Length == 0 && records.Count >= _maxRecords)
                return PutOutcome.Full;
            if (own.Length == _linktreesPerAuthor && own[0].Version > record.Version)
                return PutOutcome.Superseded;
            if (own.Length == _linktreesPerAuthor)
                records.Remove(own[0].Key);
        }

        records[record.Key] = record;
        return stored is null ? PutOutcome.Inserted : PutOutcome.Replaced;
    }
}
