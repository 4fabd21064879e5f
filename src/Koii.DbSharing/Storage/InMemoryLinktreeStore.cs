using Koii.DbSharing.Storage;

namespace Koii.DbSharing;

/// <summary>
/// Keeps records in memory only: for tests, for experiments, and as the reference of what a store does. All records are
/// lost when the process ends.
/// </summary>
/// <remarks>
/// Safe for use by many threads. A call completes synchronously; it checks its cancellation token once, at the start.
/// </remarks>
public sealed class InMemoryLinktreeStore : ILinktreeStore, ILinktreeChangeFeed
{
    private readonly Lock _lock = new();
    private readonly int _perAuthor;
    private readonly StoreBounds _bounds;
    private readonly EntryTree _entries = new();
    private readonly HashSet<SignedLinktree> _linktrees = new(InMemoryComparer.Instance);
    private readonly HashSet<SignedLinktree>.AlternateLookup<LinktreeId> _byId;
    private readonly HashSet<InMemoryAuthor> _authors = new(InMemoryComparer.Instance);
    private readonly HashSet<InMemoryAuthor>.AlternateLookup<PublicKey> _byAuthor;
    private readonly InMemoryChangeFeed _feed;
    private readonly TimeProvider _timeProvider;
    private StoreSize _size;

    /// <summary>Creates an empty store.</summary>
    /// <param name="options">
    /// The task's settings. <see cref="DbSharingOptions.LinktreesPerAuthor"/>,
    /// <see cref="DbSharingOptions.MaxRecords"/>, <see cref="DbSharingOptions.MaxBytes"/>,
    /// <see cref="DbSharingOptions.MaxRetainedChanges"/> and <see cref="DbSharingOptions.ChangeRetention"/> are read here;
    /// later changes have no effect.
    /// </param>
    /// <param name="timeProvider">The clock by which the age of a change is measured. Default: the system clock.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public InMemoryLinktreeStore(DbSharingOptions options, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.LinktreesPerAuthor, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRetainedChanges, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.ChangeRetention, TimeSpan.Zero);
        _perAuthor = options.LinktreesPerAuthor;
        _bounds = StoreBounds.From(options);
        _feed = new InMemoryChangeFeed(options.MaxRetainedChanges, options.ChangeRetention);
        _timeProvider = timeProvider ?? TimeProvider.System;
        _byId = _linktrees.GetAlternateLookup<LinktreeId>();
        _byAuthor = _authors.GetAlternateLookup<PublicKey>();
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(linktrees);
        foreach (var linktree in linktrees)
            ArgumentNullException.ThrowIfNull(linktree, nameof(linktrees));
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<IReadOnlyList<PutOutcome>>(cancellationToken);

        var outcomes = new PutOutcome[linktrees.Count];
        lock (_lock)
        {
            var now = _timeProvider.GetUtcNow();
            for (var i = 0; i < outcomes.Length; i++)
                outcomes[i] = Put(linktrees[i], now);
            _feed.Trim(now);
        }

        return ValueTask.FromResult<IReadOnlyList<PutOutcome>>(outcomes);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<IReadOnlyList<LinktreeVersion?>>(cancellationToken);

        var versions = new LinktreeVersion?[keys.Count];
        lock (_lock)
        {
            for (var i = 0; i < versions.Length; i++)
                versions[i] = _byAuthor.TryGetValue(keys[i].Author, out var author) ? author.Find(keys[i].Uuid)?.Linktree.Version : null;
        }

        return ValueTask.FromResult<IReadOnlyList<LinktreeVersion?>>(versions);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<IReadOnlyList<SignedLinktree>>(cancellationToken);

        var linktrees = new List<SignedLinktree>(ids.Count);
        var seen = new HashSet<SignedLinktree>(ids.Count, InMemoryComparer.Instance);
        lock (_lock)
        {
            foreach (var id in ids)
            {
                if (_byId.TryGetValue(id, out var stored) && seen.Add(stored))
                    linktrees.Add(stored);
            }
        }

        return ValueTask.FromResult<IReadOnlyList<SignedLinktree>>(linktrees);
    }

    /// <inheritdoc/>
    public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<LinktreePage>(cancellationToken);

        lock (_lock)
            return ValueTask.FromResult(List(query));
    }

    /// <inheritdoc/>
    public ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<ChangePage>(cancellationToken);

        lock (_lock)
            return ValueTask.FromResult(_feed.Read(after, limit));
    }

    private PutOutcome Put(SignedLinktree linktree, DateTimeOffset now)
    {
        var isAuthor = _byAuthor.TryGetValue(linktree.Author, out var author);
        var stored = author?.Find(linktree.Uuid);
        if (stored?.Linktree.Id == linktree.Id)
            return PutOutcome.Unchanged;
        if (stored?.Linktree.Version > linktree.Version)
            return PutOutcome.Superseded;

        author ??= new InMemoryAuthor(linktree.Author);
        var outcome = FindRoom(linktree, author, stored, out var evicted);
        if (outcome is PutOutcome.Superseded or PutOutcome.Full)
            return outcome;

        // Authors are never removed: a record is removed only for another one of its author.
        if (!isAuthor)
            _authors.Add(author);
        foreach (var entry in evicted)
            Remove(author, entry, _feed.NextNumber(), now);
        var number = _feed.NextNumber();
        if (stored is not null)
            Remove(author, stored, number, now);
        Add(author, linktree, number);
        return outcome;
    }

    /// <summary>Finds what is to be evicted for a record, the oldest of its author, or why the record is not stored.</summary>
    private PutOutcome FindRoom(SignedLinktree linktree, InMemoryAuthor author, InMemoryEntry? stored, out List<InMemoryEntry> evicted)
    {
        evicted = [];
        var isHeld = stored is not null;
        var size = (isHeld ? _size.Without(stored!.Linktree.Data.Length) : _size).With(linktree.Data.Length);
        var excess = isHeld ? 0 : author.Count + 1 - _perAuthor;
        if (excess <= 0 && _bounds.Allow(_size, size, isHeld))
            return isHeld ? PutOutcome.Replaced : PutOutcome.Inserted;

        foreach (var entry in author.After(null).Where(entry => entry != stored))
        {
            if (entry.Linktree.Version > linktree.Version)
                return evicted.Count < excess ? PutOutcome.Superseded : PutOutcome.Full;
            evicted.Add(entry);
            size = size.Without(entry.Linktree.Data.Length);
            if (evicted.Count >= excess && _bounds.Allow(_size, size, isHeld))
                return isHeld ? PutOutcome.Replaced : PutOutcome.Inserted;
        }

        return PutOutcome.Full;
    }

    private void Add(InMemoryAuthor author, SignedLinktree linktree, long number)
    {
        var entry = new InMemoryEntry(linktree, number);
        author.Add(entry);
        _linktrees.Add(linktree);
        _entries.Add(entry);
        _feed.Add(entry);
        _size = _size.With(linktree.Data.Length);
    }

    private void Remove(InMemoryAuthor author, InMemoryEntry entry, long number, DateTimeOffset now)
    {
        _size = _size.Without(entry.Linktree.Data.Length);
        author.Remove(entry);
        _linktrees.Remove(entry.Linktree);
        _entries.Remove(entry);
        entry.Remove(number);
        _feed.Remove(entry, now);
    }

    private LinktreePage List(LinktreeQuery query)
    {
        var entries = query.Author is not { } key ? _entries.After(query.After)
            : _byAuthor.TryGetValue(key, out var author) ? author.After(query.After)
            : [];
        var linktrees = new List<SignedLinktree>();
        var bytes = 0;
        foreach (var entry in entries)
        {
            var linktree = entry.Linktree;
            if (linktree.IsTombstone && !query.IncludeTombstones)
                continue;
            if (linktrees.Count == query.Limit || bytes >= LinktreePage.MaxBytes)
                return new LinktreePage(linktrees, linktrees[^1].Version);

            linktrees.Add(linktree);
            bytes += linktree.Data.Length;
        }

        return new LinktreePage(linktrees, null);
    }
}
