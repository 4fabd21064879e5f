using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// Keeps the time and the id of every record of a store in memory, so that summaries and fingerprints of any range need
/// no second listing: it lists the store once, and then follows the store's change feed.
/// </summary>
/// <remarks>
/// <para>It works only during calls, and reads only what changed since the last one. It is safe for use by multiple
/// threads: one caller updates the index, the others wait. Memory is 40 to 85 bytes per record.</para>
/// <para>The listing resumes where a canceled or failed call stopped, so a store of any size is listed eventually, even
/// if no caller waits for all of it. Pages and changes are applied in the order in which they were read, each at least
/// once. If an id changed after the listing began, its last change decides: a page that was read later already reflects
/// the change, and the effect of an earlier page is corrected by it. An id that did not change is listed if and only if
/// the store has it.</para>
/// </remarks>
/// <param name="store">The store to list.</param>
/// <param name="feed">The change feed of the same store.</param>
internal sealed class LinktreeIndex(ILinktreeStore store, ILinktreeChangeFeed feed)
{
    /// <summary>The number of changes to read at a time.</summary>
    private const int ChangesPerPage = 4096;

    /// <summary>
    /// The number of listings that a call may start because the feed was trimmed, before it reports the store as too
    /// busy.
    /// </summary>
    private const int MaxListings = 8;

    private readonly AsyncSemaphore _lock = new();

    // The state of the listing, all under the lock. A failed or canceled call leaves it to the next one.
    private ItemTree _items = new();
    private ChangePosition? _position; // Up to here the changes are applied; null before a listing has begun.
    private LinktreeVersion? _nextPage;
    private bool _isListed;

    /// <summary>Lists a store that has no change feed, and summarizes its records, tombstones included.</summary>
    /// <remarks>A record that is replaced between two pages may be counted in both versions.</remarks>
    public static async ValueTask<SetSummary> SummarizeAsync(ILinktreeStore store, CancellationToken cancellationToken)
    {
        var sum = new IdSum();
        LinktreeVersion? after = null;
        do
        {
            var page = await store.ListAsync(new LinktreeQuery { IncludeTombstones = true, After = after }, cancellationToken).ConfigureAwait(false);
            foreach (var linktree in page.Linktrees)
                sum.Add(linktree.Id);
            after = page.Next;
        }
        while (after is not null);
        return sum.ToSummary();
    }

    /// <summary>Updates the index and summarizes the set, tombstones included.</summary>
    /// <param name="cancellationToken">Cancels this call only. The part of a listing that was read is kept.</param>
    /// <returns>The summary of a state that the store had during this call.</returns>
    /// <exception cref="LinktreeStoreException">
    /// The store failed. The next call resumes where this one stopped.
    /// </exception>
    public async ValueTask<SetSummary> GetSummaryAsync(CancellationToken cancellationToken = default)
    {
        using (await _lock.AcquireAsync(cancellationToken).ConfigureAwait(false))
            return (await UpdateAsync(cancellationToken).ConfigureAwait(false)).Sum.ToSummary();
    }

    /// <summary>
    /// Updates the index and takes a snapshot of the set. Exceptions and cancellation are those of
    /// <see cref="GetSummaryAsync"/>.
    /// </summary>
    internal async ValueTask<ItemSet> GetItemsAsync(CancellationToken cancellationToken)
    {
        using (await _lock.AcquireAsync(cancellationToken).ConfigureAwait(false))
            return (await UpdateAsync(cancellationToken).ConfigureAwait(false)).Snapshot();
    }

    /// <summary>
    /// Applies the changes of the feed, and lists the store before that if it is not listed or the feed was trimmed.
    /// </summary>
    private async ValueTask<ItemTree> UpdateAsync(CancellationToken cancellationToken)
    {
        for (var listings = 0; listings < MaxListings;)
        {
            if (_position is null)
                StartListing((await ReadChangesAsync(ChangePosition.Latest, cancellationToken).ConfigureAwait(false)).Next);

            // Also between two pages: the feed then has to reach back to the last page only, and not to the start of a
            // listing that took long or was paused.
            if (!await TryApplyChangesAsync(cancellationToken).ConfigureAwait(false))
            {
                _position = null;
                listings++;
                continue;
            }

            if (_isListed)
                return _items;
            Apply(await store.ListAsync(new LinktreeQuery { IncludeTombstones = true, After = _nextPage }, cancellationToken).ConfigureAwait(false));
        }

        throw new LinktreeStoreException("The store trims its changes faster than its records can be listed.") { IsTransient = true };
    }

    private void StartListing(ChangePosition position)
    {
        _items = new ItemTree();
        _position = position;
        _nextPage = null;
        _isListed = false;
    }

    private void Apply(LinktreePage page)
    {
        // Pages ascend, so the leaves of the tree are filled completely.
        foreach (var linktree in page.Linktrees)
            _items.Add(SetItem.Of(linktree.Version));
        _nextPage = page.Next;
        _isListed = page.Next is null;
    }

    /// <summary>
    /// Applies all changes after <see cref="_position"/>. Returns <see langword="false"/> if the feed no longer reaches
    /// back to it.
    /// </summary>
    private async ValueTask<bool> TryApplyChangesAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await ReadChangesAsync(_position!.Value, cancellationToken).ConfigureAwait(false);
            if (page.IsTrimmed)
                return false;
            _items.Apply(page.Changes);
            _position = page.Next;
            if (page.Changes.Count < ChangesPerPage)
                return true;
        }
    }

    private ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, CancellationToken cancellationToken) =>
        feed.ReadChangesAsync(after, ChangesPerPage, cancellationToken);
}
