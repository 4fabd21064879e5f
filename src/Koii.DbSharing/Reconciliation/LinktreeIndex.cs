using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// Keeps the time and the id of every record of a store in memory, so that summaries and fingerprints of any range need
/// no listing: it follows the store's change feed from the start.
/// </summary>
/// <remarks>
/// It works only during calls, and reads only what changed since the last one; a canceled or failed call leaves what it
/// has read to the next one. It is safe for use by multiple threads: one caller updates the index, the others wait.
/// Memory is 40 to 85 bytes per record.
/// </remarks>
/// <param name="feed">The change feed of the store.</param>
internal sealed class LinktreeIndex(ILinktreeChangeFeed feed)
{
    /// <summary>
    /// The number of changes to read at a time: of more, the arrays of a page would be large objects for the garbage
    /// collector.
    /// </summary>
    private const int ChangesPerPage = 512;

    /// <summary>How often a call starts again because the feed was trimmed, before it reports the store as too busy.</summary>
    private const int MaxStarts = 8;

    private readonly AsyncSemaphore _lock = new();

    // Under the lock. The collector has the items until the end of the feed is reached for the first time.
    private ItemCollector? _collector = new();
    private ItemTree _items = new();
    private ChangePosition _position = ChangePosition.Start;

    /// <summary>How often the index was built anew because it had missed changes of the feed, or because the store renewed its feed.</summary>
    internal long Restarts { get; private set; }

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
    /// <param name="cancellationToken">Cancels this call only. What was read of the feed is kept.</param>
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

    private async ValueTask<ItemTree> UpdateAsync(CancellationToken cancellationToken)
    {
        for (var starts = 0; starts < MaxStarts;)
        {
            var page = await feed.ReadChangesAsync(_position, ChangesPerPage, cancellationToken).ConfigureAwait(false);
            _position = page.Next;
            if (page.IsTrimmed)
            {
                (_collector, _items) = (new ItemCollector(), new ItemTree());
                starts++;
                Restarts++;
                continue;
            }

            if (_collector is null)
                _items.Apply(page.Changes);
            else
                _collector.Apply(page.Changes);
            if (page.Changes.Count < ChangesPerPage)
                return EndOfFeed();
        }

        throw new LinktreeStoreException("The store trims its changes faster than they can be read.") { IsTransient = true };
    }

    private ItemTree EndOfFeed()
    {
        if (_collector is not null)
        {
            _items = _collector.ToTree();
            _collector = null;
        }

        return _items;
    }
}
