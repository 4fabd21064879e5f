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
    private static readonly LinktreeVersion Newest = new(long.MaxValue, new LinktreeId([.. Enumerable.Repeat(byte.MaxValue, LinktreeId.Size)]));

    private readonly Lock _lock = new();
    private readonly int _perAuthor;
    private readonly long _maxRecords;
    private readonly Dictionary<LinktreeKey, InMemoryEntry> _byKey = [];
    private readonly Dictionary<LinktreeId, SignedLinktree> _byId = [];
    private readonly Dictionary<PublicKey, SortedSet<LinktreeVersion>> _byAuthor = [];
    private readonly SortedSet<LinktreeVersion> _byVersion = [];
    private readonly InMemoryChangeFeed _feed;
    private readonly TimeProvider _timeProvider;

    /// <summary>Creates an empty store.</summary>
    /// <param name="options">
    /// The task's settings. <see cref="DbSharingOptions.LinktreesPerAuthor"/>,
    /// <see cref="DbSharingOptions.MaxRecords"/>, <see cref="DbSharingOptions.MaxRetainedChanges"/> and
    /// <see cref="DbSharingOptions.ChangeRetention"/> are read here; later changes have no effect.
    /// </param>
    /// <param name="timeProvider">The clock by which the age of a change is measured. Default: the system clock.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public InMemoryLinktreeStore(DbSharingOptions options, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.LinktreesPerAuthor, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRecords, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRetainedChanges, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.ChangeRetention, TimeSpan.Zero);
        _perAuthor = options.LinktreesPerAuthor;
        _maxRecords = options.MaxRecords;
        _feed = new InMemoryChangeFeed(options.MaxRetainedChanges, options.ChangeRetention);
        _timeProvider = timeProvider ?? TimeProvider.System;
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
                versions[i] = _byKey.TryGetValue(keys[i], out var stored) ? stored.Linktree.Version : null;
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
        var seen = new HashSet<LinktreeId>(ids.Count);
        lock (_lock)
        {
            foreach (var id in ids)
            {
                if (seen.Add(id) && _byId.TryGetValue(id, out var stored))
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
        if (_byKey.TryGetValue(linktree.Key, out var stored))
        {
            if (stored.Linktree.Id == linktree.Id)
                return PutOutcome.Unchanged;
            if (stored.Linktree.Version > linktree.Version)
                return PutOutcome.Superseded;

            var number = _feed.NextNumber();
            Remove(stored, number, now);
            Add(linktree, number);
            return PutOutcome.Replaced;
        }

        if (!_byAuthor.TryGetValue(linktree.Author, out var versions))
        {
            if (_byVersion.Count >= _maxRecords)
                return PutOutcome.Full;
        }
        else if (versions.Count >= _perAuthor)
        {
            var oldest = _byId[versions.Min.Id];
            if (oldest.Version > linktree.Version)
                return PutOutcome.Superseded;
            Remove(_byKey[oldest.Key], _feed.NextNumber(), now);
        }

        Add(linktree, _feed.NextNumber());
        return PutOutcome.Inserted;
    }

    private void Add(SignedLinktree linktree, long number)
    {
        var entry = new InMemoryEntry(linktree, number);
        _byKey.Add(linktree.Key, entry);
        _byId.Add(linktree.Id, linktree);
        _byVersion.Add(linktree.Version);
        if (!_byAuthor.TryGetValue(linktree.Author, out var versions))
            _byAuthor.Add(linktree.Author, versions = []);
        versions.Add(linktree.Version);
        _feed.Add(entry);
    }

    private void Remove(InMemoryEntry entry, long number, DateTimeOffset now)
    {
        var linktree = entry.Linktree;
        _byKey.Remove(linktree.Key);
        _byId.Remove(linktree.Id);
        _byVersion.Remove(linktree.Version);
        var versions = _byAuthor[linktree.Author];
        versions.Remove(linktree.Version);
        if (versions.Count == 0)
            _byAuthor.Remove(linktree.Author);
        entry.Removed = number;
        _feed.Remove(entry, now);
    }

    private LinktreePage List(LinktreeQuery query)
    {
        var versions = query.Author is { } author ? _byAuthor.GetValueOrDefault(author) : _byVersion;
        if (versions is not null && query.After is { } after)
            versions = after < Newest ? versions.GetViewBetween(after, Newest) : null;

        var linktrees = new List<SignedLinktree>();
        var bytes = 0;
        foreach (var version in versions ?? [])
        {
            var linktree = _byId[version.Id];
            if (version == query.After || (linktree.IsTombstone && !query.IncludeTombstones))
                continue;
            if (linktrees.Count == query.Limit || bytes >= LinktreePage.MaxBytes)
                return new LinktreePage(linktrees, linktrees[^1].Version);

            linktrees.Add(linktree);
            bytes += linktree.Data.Length;
        }

        return new LinktreePage(linktrees, null);
    }
}
