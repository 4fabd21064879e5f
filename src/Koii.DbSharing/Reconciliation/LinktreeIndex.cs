using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// Knows the summary of a store's whole set without reading the set again: it lists the store once and from then on follows the feed of changes.
/// </summary>
/// <remarks>
/// It does nothing until it is asked, and then only what has changed since it was asked last. It may be used by many threads at once; one of
/// them catches up, the others wait their turn. Whoever gives up in the middle of a listing leaves it to the next call, page for page, so a store of any
/// size is listed in the end even if no caller stays for all of it. Until then it holds the ids of the records listed, from then on only their count and sum.
/// </remarks>
/// <param name="store">The store to follow.</param>
public sealed class LinktreeIndex(ILinktreeStore store)
{
    /// <summary>How many changes are read at a time.</summary>
    private const int ChangesPerPage = 4096;

    /// <summary>How often a listing starts again because the feed was trimmed meanwhile, before the store is said to be too busy.</summary>
    private const int MaxListings = 8;

    private readonly ILinktreeStore _store = store ?? throw new ArgumentNullException(nameof(store));
    private readonly AsyncLock _lock = new();

    // What the sum covers: everything up to the position. Both change together, so a call that fails or is cancelled leaves them as they were.
    private IdSum _sum;
    private ChangePosition? _position;

    // Only while there is no position. It belongs to no call in particular.
    private StoreListing? _listing;

    /// <summary>Catches up with the store and summarises its set, tombstones included.</summary>
    /// <param name="cancellationToken">Ends this call; calls of others go on, and what was learned so far is kept: also a listing that is under way.</param>
    /// <returns>The summary of a state of the store that it had during this call.</returns>
    /// <exception cref="LinktreeStoreException">The store failed. The next call goes on where this one ended.</exception>
    /// <exception cref="InvalidOperationException">The store answered <see langword="null"/>; the message names the method.</exception>
    public async ValueTask<SetSummary> GetSummaryAsync(CancellationToken cancellationToken = default)
    {
        using (await _lock.AcquireAsync(cancellationToken).ConfigureAwait(false))
        {
            for (var listings = 0; !await TryFollowAsync(cancellationToken).ConfigureAwait(false); listings++)
            {
                if (listings == MaxListings)
                    throw new LinktreeStoreException("The store trims its changes faster than its records can be listed.") { IsTransient = true };
                await ListAsync(cancellationToken).ConfigureAwait(false);
            }

            return new SetSummary(_sum.Count, _sum.ToFingerprint());
        }
    }

    /// <summary>Applies each change since the position exactly once; returns <see langword="false"/> when there is no position or the feed does not reach back to it.</summary>
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

            var sum = _sum;
            foreach (var change in page.Changes)
            {
                if (change.Removed is { } removed)
                    sum.Subtract(removed.Id);
                if (change.Added is { } added)
                    sum.Add(added.Id);
            }

            _sum = sum;
            _position = page.Next;
            if (page.Changes.Count < ChangesPerPage)
                return true;
        }

        return false;
    }

    /// <summary>
    /// Begins to list the store, or goes on where an earlier call stopped, to the end or until the feed turns out to be trimmed. The feed is followed after each
    /// page: a listing that takes long, or lay idle, then depends on what was changed meanwhile and not on all that was changed since it began.
    /// </summary>
    private async ValueTask ListAsync(CancellationToken cancellationToken)
    {
        var listing = _listing ??= new StoreListing((await ReadChangesAsync(ChangePosition.Latest, cancellationToken).ConfigureAwait(false)).Next);
        while (await TryFollowAsync(listing, cancellationToken).ConfigureAwait(false))
        {
            if (listing.IsListed)
            {
                _sum = listing.Sum();
                _position = listing.Position;
                break;
            }

            var query = new LinktreeQuery { IncludeTombstones = true, After = listing.Next };
            listing.Apply(RoleContract.NotNull(await _store.ListAsync(query, cancellationToken).ConfigureAwait(false), "ILinktreeStore.ListAsync"));
        }

        _listing = null;
    }

    private async ValueTask<bool> TryFollowAsync(StoreListing listing, CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await ReadChangesAsync(listing.Position, cancellationToken).ConfigureAwait(false);
            if (page.IsTrimmed)
                return false;
            listing.Apply(page);
            if (page.Changes.Count < ChangesPerPage)
                return true;
        }
    }

    private async ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, CancellationToken cancellationToken) =>
        RoleContract.NotNull(await _store.ReadChangesAsync(after, ChangesPerPage, cancellationToken).ConfigureAwait(false), "ILinktreeStore.ReadChangesAsync");
}
