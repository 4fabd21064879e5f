using System.Collections.Concurrent;
using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Serving;

/// <summary>Keeps the version of the newest record of each author that is not a tombstone.</summary>
/// <remarks>
/// It follows the change feed of the store from the start, and asks the store only for authors whose newest record is
/// removed. It takes about 150 bytes for each author. Safe for use by many threads.
/// </remarks>
/// <param name="store">The store.</param>
/// <param name="feed">The change feed of the same store.</param>
internal sealed class NewestByAuthor(ILinktreeStore store, ILinktreeChangeFeed feed)
{
    private const int ChangesPerRead = 512;

    /// <summary>How often a call starts again because the feed was trimmed, before it reports the store as too busy.</summary>
    private const int MaxStarts = 8;

    private readonly AsyncSemaphore _updating = new();

    // Written by the call that has the permit; read by all. A restart replaces the dictionary when the end of the feed is
    // reached, so that readers never see a part of it.
    private volatile ConcurrentDictionary<PublicKey, LinktreeVersion> _newest = [];
    private ConcurrentDictionary<PublicKey, LinktreeVersion>? _restarted = [];
    private readonly HashSet<PublicKey> _unknown = [];
    private ChangePosition _position = ChangePosition.Start;

    /// <summary>Whether a record that is not a tombstone is the newest of its author, as of the last update.</summary>
    public bool IsNewest(SignedLinktree linktree) => !_newest.TryGetValue(linktree.Author, out var newest) || linktree.Version >= newest;

    /// <summary>Applies the changes that the store has committed, and removes the pages that they make outdated.</summary>
    /// <param name="caches">The pages whose records were written by <see cref="IsNewest"/>.</param>
    /// <param name="cancellationToken">Cancels the call. What was read of the feed is kept.</param>
    /// <exception cref="LinktreeStoreException">The store failed.</exception>
    public async ValueTask UpdateAsync(IReadOnlyList<ListPageCache> caches, CancellationToken cancellationToken)
    {
        using (await _updating.AcquireAsync(cancellationToken).ConfigureAwait(false))
        {
            for (var starts = 0; starts < MaxStarts;)
            {
                var page = await feed.ReadChangesAsync(_position, ChangesPerRead, cancellationToken).ConfigureAwait(false);
                _position = page.Next;
                if (page.IsTrimmed)
                {
                    _restarted = [];
                    _unknown.Clear();
                    starts++;
                    continue;
                }

                Apply(page.Changes, _restarted ?? _newest, caches);
                if (page.Changes.Count == ChangesPerRead)
                    continue;
                await AskStoreAsync(_restarted ?? _newest, caches, cancellationToken).ConfigureAwait(false);
                if (_restarted is not null)
                {
                    (_newest, _restarted) = (_restarted, null);
                    foreach (var cache in caches)
                        cache.Clear();
                }

                return;
            }
        }

        throw new LinktreeStoreException("The store trims its changes faster than they can be read.") { IsTransient = true };
    }

    private static void Invalidate(IReadOnlyList<ListPageCache> caches, List<LinktreeVersion> versions)
    {
        foreach (var cache in caches)
            cache.Invalidate(versions);
    }

    private void Apply(
        IReadOnlyList<LinktreeChange> changes, ConcurrentDictionary<PublicKey, LinktreeVersion> newest, IReadOnlyList<ListPageCache> caches)
    {
        List<LinktreeVersion> outdated = [];
        foreach (var change in changes)
        {
            var author = change.Key.Author;
            var hasNewest = newest.TryGetValue(author, out var current);
            if (change is { Kind: not LinktreeChangeKind.Deleted, Added: { } added } && (!hasNewest || added > current))
            {
                newest[author] = added;
                if (hasNewest)
                    outdated.Add(current);
            }
            else if (hasNewest && change.Removed == current)
            {
                newest.TryRemove(author, out _);
                _unknown.Add(author);
            }
        }

        Invalidate(caches, outdated);
    }

    /// <summary>Lists the records of the authors whose newest record was removed.</summary>
    private async ValueTask AskStoreAsync(
        ConcurrentDictionary<PublicKey, LinktreeVersion> newest, IReadOnlyList<ListPageCache> caches, CancellationToken cancellationToken)
    {
        foreach (var author in _unknown.ToArray())
        {
            List<LinktreeVersion> versions = [];
            LinktreeVersion? after = null;
            do
            {
                var page = await store.ListAsync(new LinktreeQuery { Author = author, After = after }, cancellationToken).ConfigureAwait(false);
                versions.AddRange(page.Linktrees.Select(linktree => linktree.Version));
                after = page.Next;
            }
            while (after is not null);

            if (versions.Count > 0 && (!newest.TryGetValue(author, out var current) || versions[^1] > current))
                newest[author] = versions[^1];
            _unknown.Remove(author);
            Invalidate(caches, versions);
        }
    }
}
