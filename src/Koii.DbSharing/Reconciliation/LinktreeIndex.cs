using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// Knows of a store's whole set what peers ask for, its summary and the fingerprint of any part, without reading the set again: it lists the store once and from then on
/// follows the feed of changes.
/// </summary>
/// <remarks>
/// It does nothing until it is asked, and then only what has changed since it was asked last. It may be used by many threads at once; one of
/// them catches up, the others wait their turn. Whoever gives up in the middle of a listing leaves it to the next call, page for page, so a store of any
/// size is listed in the end even if no caller stays for all of it. It holds the time and the id of every record, in 40 to 85 bytes of memory each.
/// </remarks>
/// <param name="store">The store to list.</param>
/// <param name="feed">The feed of its changes.</param>
internal sealed class LinktreeIndex(ILinktreeStore store, ILinktreeChangeFeed feed)
{
    /// <summary>How many changes are read at a time.</summary>
    private const int ChangesPerPage = 4096;

    /// <summary>How often a listing starts again because the feed was trimmed meanwhile, before the store is said to be too busy.</summary>
    private const int MaxListings = 8;

    private readonly AsyncSemaphore _lock = new();

    // Belongs to no call in particular: one that fails or is cancelled leaves it as far as it has come, listed or not.
    private StoreListing? _listing;

    /// <summary>Catches up with the store and summarises its set, tombstones included.</summary>
    /// <param name="cancellationToken">Ends this call; calls of others go on, and what was learned so far is kept: also a listing that is under way.</param>
    /// <returns>The summary of a state of the store that it had during this call.</returns>
    /// <exception cref="LinktreeStoreException">The store failed. The next call goes on where this one ended.</exception>
    /// <exception cref="InvalidOperationException">The store answered <see langword="null"/>; the message names the method.</exception>
    public async ValueTask<SetSummary> GetSummaryAsync(CancellationToken cancellationToken = default)
    {
        using (await _lock.AcquireAsync(cancellationToken).ConfigureAwait(false))
            return (await CatchUpAsync(cancellationToken).ConfigureAwait(false)).Sum.ToSummary();
    }

    /// <summary>
    /// Catches up with the store and takes its set, to be worked on while the store goes on changing. Exceptions and cancellation are those of
    /// <see cref="GetSummaryAsync"/>.
    /// </summary>
    internal async ValueTask<ItemSet> GetItemsAsync(CancellationToken cancellationToken)
    {
        using (await _lock.AcquireAsync(cancellationToken).ConfigureAwait(false))
            return (await CatchUpAsync(cancellationToken).ConfigureAwait(false)).Snapshot();
    }

    /// <summary>
    /// Follows the feed, and lists the store before that where it has not been listed, or the feed does not reach back any more. The feed is followed after each
    /// page: a listing that takes long, or lay idle, then depends on what was changed meanwhile and not on all that was changed since it began.
    /// </summary>
    private async ValueTask<ItemTree> CatchUpAsync(CancellationToken cancellationToken)
    {
        for (var listings = 0; listings < MaxListings;)
        {
            var listing = _listing ??= new StoreListing((await ReadChangesAsync(ChangePosition.Latest, cancellationToken).ConfigureAwait(false)).Next);
            if (!await TryFollowAsync(listing, cancellationToken).ConfigureAwait(false))
            {
                _listing = null;
                listings++;
                continue;
            }

            if (listing.IsListed)
                return listing.Items;

            var query = new LinktreeQuery { IncludeTombstones = true, After = listing.Next };
            listing.Apply(RoleContract.NotNull(await store.ListAsync(query, cancellationToken).ConfigureAwait(false), "ILinktreeStore.ListAsync"));
        }

        throw new LinktreeStoreException("The store trims its changes faster than its records can be listed.") { IsTransient = true };
    }

    /// <summary>Applies what has changed; returns <see langword="false"/> when the feed does not reach back to where the listing stands.</summary>
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
        RoleContract.NotNull(await feed.ReadChangesAsync(after, ChangesPerPage, cancellationToken).ConfigureAwait(false), "ILinktreeChangeFeed.ReadChangesAsync");
}
