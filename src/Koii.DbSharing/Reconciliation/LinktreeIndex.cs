using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Records;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// Knows the summary of a store's whole set without reading the set again: it lists the store once and from then on follows the feed of changes.
/// </summary>
/// <remarks>
/// It does nothing until it is asked, and then only what has changed since it was asked last. It may be used by many threads at once; one of
/// them catches up, the others wait their turn. While it lists the store it holds the ids of all records, else only their count and sum.
/// </remarks>
/// <param name="store">The store to follow.</param>
public sealed class LinktreeIndex(ILinktreeStore store)
{
    /// <summary>How many changes are read at a time.</summary>
    private const int ChangesPerPage = 4096;

    /// <summary>How often a listing starts again because the feed was trimmed meanwhile, before the store is said to be too busy.</summary>
    private const int MaxRebuilds = 8;

    private readonly ILinktreeStore _store = store ?? throw new ArgumentNullException(nameof(store));
    private readonly AsyncLock _lock = new();

    // What the sum covers: everything up to the position. Both change together, so a call that fails or is cancelled leaves them as they were.
    private IdSum _sum;
    private ChangePosition? _position;

    /// <summary>Catches up with the store and summarises its set, tombstones included.</summary>
    /// <param name="cancellationToken">Ends this call; calls of others go on, and what was learned so far is kept.</param>
    /// <returns>The summary of a state of the store that it had during this call.</returns>
    /// <exception cref="LinktreeStoreException">The store failed. The next call goes on where this one ended.</exception>
    public async ValueTask<SetSummary> GetSummaryAsync(CancellationToken cancellationToken = default)
    {
        using (await _lock.AcquireAsync(cancellationToken).ConfigureAwait(false))
        {
            for (var rebuilds = 0; !await TryFollowAsync(cancellationToken).ConfigureAwait(false); rebuilds++)
            {
                if (rebuilds == MaxRebuilds)
                    throw new LinktreeStoreException("The store trims its changes faster than its records can be listed.") { IsTransient = true };
                await RebuildAsync(cancellationToken).ConfigureAwait(false);
            }

            return new SetSummary(_sum.Count, _sum.ToFingerprint());
        }
    }

    /// <summary>Applies each change since the position exactly once; answers no when there is no position or the feed does not reach back to it.</summary>
    private async ValueTask<bool> TryFollowAsync(CancellationToken cancellationToken)
    {
        while (_position is { } position)
        {
            var page = await ReadChangesAsync(position, cancellationToken).ConfigureAwait(false);
            if (page.IsTrimmed)
            {
                _position = null;
                return false;
            }

            foreach (var change in page.Changes)
            {
                if (change.Removed is { } removed)
                    _sum.Subtract(removed.Id);
                if (change.Added is { } added)
                    _sum.Add(added.Id);
            }

            _position = page.Next;
            if (page.Changes.Count < ChangesPerPage)
                return true;
        }

        return false;
    }

    /// <summary>
    /// Lists the store while it changes. The list may show some of the changes that come after the position and not others, so they are applied to a set, where doing
    /// it twice does no harm: whatever the list showed, the last change of an id decides, and an id without one was listed as it is.
    /// </summary>
    private async ValueTask RebuildAsync(CancellationToken cancellationToken)
    {
        var position = (await ReadChangesAsync(ChangePosition.Latest, cancellationToken).ConfigureAwait(false)).Next;
        var ids = new HashSet<LinktreeId>();
        var query = new LinktreeQuery { IncludeTombstones = true };
        for (LinktreeVersion? next = null; ;)
        {
            var page = await _store.ListAsync(query with { After = next }, cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidOperationException("ILinktreeStore.ListAsync answered null.");
            foreach (var linktree in page.Linktrees)
                ids.Add(linktree.Id);
            next = page.Next;
            if (next is null)
                break;
        }

        while (true)
        {
            var page = await ReadChangesAsync(position, cancellationToken).ConfigureAwait(false);
            if (page.IsTrimmed)
                return;
            foreach (var change in page.Changes)
            {
                if (change.Removed is { } removed)
                    ids.Remove(removed.Id);
                if (change.Added is { } added)
                    ids.Add(added.Id);
            }

            position = page.Next;
            if (page.Changes.Count < ChangesPerPage)
                break;
        }

        var sum = new IdSum();
        foreach (var id in ids)
            sum.Add(id);
        _sum = sum;
        _position = position;
    }

    private async ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, CancellationToken cancellationToken) =>
        await _store.ReadChangesAsync(after, ChangesPerPage, cancellationToken).ConfigureAwait(false)
        ?? throw new InvalidOperationException("ILinktreeStore.ReadChangesAsync answered null.");
}
