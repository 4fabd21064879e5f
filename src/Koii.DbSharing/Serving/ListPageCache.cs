using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Serving;

/// <summary>Keeps compressed pages of a list, so that a page is written and compressed once until one of its records changes.</summary>
/// <remarks>
/// <para>The cache follows the change feed of the store: <see cref="UpdateAsync"/> removes the pages that cover a version
/// that was added or removed. A page is then at least as new as the update that preceded its use. A page that is being
/// read from the store while one of its records changes is used once and not kept. Pages do not overlap; new pages fill
/// the gaps between those that are kept.</para>
/// <para>Pages are kept up to a number of bytes. Then no more are added: lists are read from their start to their end,
/// so replacing pages would replace each one before it is used again. Safe for use by many threads.</para>
/// </remarks>
/// <param name="store">The store.</param>
/// <param name="feed">The change feed of the same store.</param>
/// <param name="form">The form of the elements.</param>
/// <param name="maxBytes">How many compressed bytes are kept.</param>
internal sealed class ListPageCache(ILinktreeStore store, ILinktreeChangeFeed feed, ElementForm form, long maxBytes)
{
    private const int ChangesPerRead = 512;

    /// <summary>Half of the records of a full page.</summary>
    private const int MinRecords = 256;

    private readonly AsyncSemaphore _updating = new();
    private ChangePosition? _position;

    // Under the lock; the pages are in ascending order.
    private readonly Lock _lock = new();
    private readonly List<ListPage> _pages = [];
    private readonly List<PendingPage> _pending = [];
    private long _bytes;

    /// <summary>The compressed bytes that are kept.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
                return _bytes;
        }
    }

    /// <summary>Applies the changes that the store has committed: pages that are returned afterwards include them.</summary>
    public async ValueTask UpdateAsync(CancellationToken cancellationToken)
    {
        using (await _updating.AcquireAsync(cancellationToken).ConfigureAwait(false))
        {
            ChangePage page;
            do
            {
                var after = _position is { } position && !IsEmpty() ? position : ChangePosition.Latest;
                page = await feed.ReadChangesAsync(after, ChangesPerRead, cancellationToken).ConfigureAwait(false);
                if (page.IsTrimmed)
                    page = await feed.ReadChangesAsync(after = ChangePosition.Latest, ChangesPerRead, cancellationToken).ConfigureAwait(false);
                if (after == ChangePosition.Latest)
                    Clear();
                else
                    Apply(page.Changes);
                _position = page.Next;
            }
            while (page.Changes.Count == ChangesPerRead);
        }
    }

    /// <summary>Removes the pages that cover versions whose elements have changed without a change of the store.</summary>
    public void Invalidate(IEnumerable<LinktreeVersion> versions)
    {
        lock (_lock)
        {
            foreach (var version in versions)
                Remove(version);
        }
    }

    /// <summary>Removes all pages.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            // Calls that are reading complete without their pages being kept.
            _pending.Clear();
            _pages.Clear();
            _bytes = 0;
        }
    }

    /// <summary>Gets the page that starts after a version, from memory or from the store.</summary>
    public async ValueTask<ListPage> GetAsync(LinktreeVersion after, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (page, pending, isOwn) = Find(after);
            if (page is not null)
                return page;
            if (isOwn)
                return await ReadAsync(pending!, cancellationToken).ConfigureAwait(false);

            try
            {
                return await pending!.Page.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The call that read the page was canceled. This one reads it itself.
            }
        }
    }

    private bool IsEmpty()
    {
        lock (_lock)
            return _pages.Count + _pending.Count == 0;
    }

    private (ListPage? Page, PendingPage? Pending, bool IsOwn) Find(LinktreeVersion after)
    {
        lock (_lock)
        {
            var index = IndexAfter(after);
            if (index > 0 && _pages[index - 1].After == after)
                return (_pages[index - 1], null, false);
            if (_pending.Find(other => other.After == after && other.FirstChange is null) is { } pending)
                return (null, pending, false);

            pending = new PendingPage(after, index < _pages.Count ? _pages[index].After : null);
            _pending.Add(pending);
            return (null, pending, true);
        }
    }

    private async ValueTask<ListPage> ReadAsync(PendingPage pending, CancellationToken cancellationToken)
    {
        try
        {
            LinktreeVersion? after = pending.After == ListPage.Start ? null : pending.After;
            var query = new LinktreeQuery { IncludeTombstones = true, After = after };
            var read = await store.ListAsync(query, cancellationToken).ConfigureAwait(false);

            // The next page that is kept begins at its end.
            var isCut = pending.End is { } end && read.Linktrees.Count > 0 && read.Linktrees[^1].Version > end;
            var linktrees = isCut ? read.Linktrees.TakeWhile(linktree => linktree.Version <= pending.End) : read.Linktrees;
            var page = ListPage.Create(pending.After, isCut ? pending.End : read.Next, linktrees, form);
            Complete(pending, page);
            pending.Page.TrySetResult(page);
            return page;
        }
        catch (Exception exception)
        {
            Complete(pending, page: null);
            pending.Page.TrySetException(exception);
            _ = pending.Page.Task.Exception; // There may be no other call that waits for it.
            throw;
        }
    }

    private void Complete(PendingPage pending, ListPage? page)
    {
        lock (_lock)
        {
            if (!_pending.Remove(pending) || page is null || (pending.FirstChange is { } change && page.Covers(change)) || _bytes + page.Deflated.Length > maxBytes)
                return;

            var index = IndexAfter(page.After);
            var overlaps = (index > 0 && (_pages[index - 1].Next is not { } before || before > page.After))
                || (index < _pages.Count && (page.Next is not { } next || next > _pages[index].After));
            if (overlaps)
                return;
            _pages.Insert(index, page);
            _bytes += page.Deflated.Length;
        }
    }

    private void Apply(IReadOnlyList<LinktreeChange> changes)
    {
        lock (_lock)
        {
            foreach (var change in changes)
            {
                if (change.Removed is { } removed)
                    Remove(removed);
                if (change.Added is { } added)
                    Remove(added);
            }
        }
    }

    private void Remove(LinktreeVersion version)
    {
        foreach (var pending in _pending)
            pending.AddChange(version);
        var index = IndexAfter(version) - 1;
        if (index >= 0 && _pages[index].After == version)
            index--; // A page covers the version with which it ends, and not the one after which it starts.
        if (index < 0 || !_pages[index].Covers(version))
            return;
        var removed = RemoveAt(index);

        // Small neighbors are removed too, so that one larger page takes the place of all. Otherwise every record that is
        // added within a full page would leave a page with one record behind it.
        if (index < _pages.Count && _pages[index].After == removed.Next && _pages[index].Count < MinRecords)
            RemoveAt(index);
        if (index > 0 && _pages[index - 1].Next == removed.After && _pages[index - 1].Count < MinRecords)
            RemoveAt(index - 1);
    }

    private ListPage RemoveAt(int index)
    {
        var page = _pages[index];
        _pages.RemoveAt(index);
        _bytes -= page.Deflated.Length;
        return page;
    }

    /// <returns>The index of the first page that starts after a later version.</returns>
    private int IndexAfter(LinktreeVersion after)
    {
        var (low, high) = (0, _pages.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_pages[middle].After <= after)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>A page that a call is reading from the store.</summary>
    /// <param name="after">The version after which it starts.</param>
    /// <param name="end">The version with which it ends at the latest.</param>
    private sealed class PendingPage(LinktreeVersion after, LinktreeVersion? end)
    {
        public LinktreeVersion After => after;

        public LinktreeVersion? End => end;

        /// <summary>The first version after the start that was added or removed while the page was read.</summary>
        public LinktreeVersion? FirstChange { get; private set; }

        public TaskCompletionSource<ListPage> Page { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void AddChange(LinktreeVersion version)
        {
            if (version > after && (FirstChange is not { } first || version < first))
                FirstChange = version;
        }
    }
}
