using Koii.DbSharing.Concurrency;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Reads a peer's pages with one page read ahead: while a page is judged and stored, the next one is on its way. Never more than these two are held.
/// What the client throws against its contract comes out as a value; only our own cancellation is thrown.
/// </summary>
/// <remarks>
/// The first page, for which a connection comes up and headers are waited for, takes no place; every further one is read in one of the places that the peers of a round
/// share. A place is kept from page to page as long as they come quickly. When one keeps it waiting, the reading goes on, but the place goes to the next peer in the
/// queue, and this one queues again for the page after. So a peer that is slow, or sends much that makes no page, delays the others by moments, however many there are
/// of its kind.
/// </remarks>
internal sealed class PageReadAhead : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly string _method;
    private readonly NodeAddress _peer;
    private readonly AsyncSemaphore _places;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenSource _ending;
    private IAsyncEnumerator<PeerPage>? _pages;
    private Task<bool> _ahead;
    private AsyncSemaphore.Releaser _place;
    private bool _hasPlace;

    /// <summary>Begins to read.</summary>
    /// <param name="method">The role's method, for the message where it breaks its contract.</param>
    /// <param name="open">Opens the pages.</param>
    /// <param name="peer">The peer.</param>
    /// <param name="places">The places.</param>
    /// <param name="timeProvider">The clock of patience.</param>
    /// <param name="logger">Hears what goes wrong when the request is ended.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public PageReadAhead(
        string method,
        Func<CancellationToken, IAsyncEnumerable<PeerPage>?> open,
        NodeAddress peer,
        AsyncSemaphore places,
        TimeProvider timeProvider,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        _method = method;
        _peer = peer;
        _places = places;
        _timeProvider = timeProvider;
        _logger = logger;
        _cancellationToken = cancellationToken;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _ahead = OpenAsync(open);
    }

    /// <summary>Gets the next page and starts to read the one after it.</summary>
    /// <returns>The page; or what the client threw, and then there is no more; or neither at the end.</returns>
    public async ValueTask<(PeerPage? Page, Exception? Fault)> NextAsync()
    {
        // Also for a client that never looks at its token.
        _cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (!await _ahead.ConfigureAwait(false))
                return (null, null);
        }
        catch (Exception fault)
        {
            // A request that is cancelled may end in any exception. It is our doing then, and must not be held against the peer.
            _cancellationToken.ThrowIfCancellationRequested();
            _ahead = Task.FromResult(false);
            return (null, fault);
        }

        var pages = RoleContract.NotNull(_pages, _method);
        var page = RoleContract.NotNull(pages.Current, _method);
        RoleContract.NotNull(page.Linktrees, $"{_method} → {nameof(PeerPage)}.{nameof(PeerPage.Linktrees)}");
        _ahead = MoveNextAsync(pages);
        return (page, null);
    }

    /// <summary>Ends the request, wherever it stands.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            // An enumerator must not be disposed of while it moves. Cancelled here rather than by CancelAsync, which leaves the thread.
            if (!_ahead.IsCompleted)
                _ending.Cancel();
            await ((Task)_ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_ahead.Exception is { } unread)
                PeerRound.Log.ClosingFailed(_logger, _peer, unread.InnerException);
            if (_pages is not null)
                await _pages.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            // What was read is judged and stored; that the client cannot close its request changes nothing about it.
            PeerRound.Log.ClosingFailed(_logger, _peer, fault);
        }

        GivePlaceBack();
        _ending.Dispose();
    }

    private async Task<bool> OpenAsync(Func<CancellationToken, IAsyncEnumerable<PeerPage>?> open)
    {
        // A null in place of a list counts as something to look at, so that it is told apart from what the client throws.
        _pages = open(_ending.Token)?.GetAsyncEnumerator(_ending.Token);
        return _pages is null || await _pages.MoveNextAsync().ConfigureAwait(false);
    }

    private async Task<bool> MoveNextAsync(IAsyncEnumerator<PeerPage> pages)
    {
        if (!Volatile.Read(ref _hasPlace))
        {
            _place = await _places.AcquireAsync(_ending.Token).ConfigureAwait(false);
            Volatile.Write(ref _hasPlace, true);
        }

        var moving = pages.MoveNextAsync();
        if (moving.IsCompleted)
            return await moving.ConfigureAwait(false);

        // A timer that fires while it is disposed of gives back the place of the page after. Then that one is read without, which is no harm.
        var patience = _timeProvider.CreateTimer(static reading => ((PageReadAhead)reading!).GivePlaceBack(), this, Patience, Timeout.InfiniteTimeSpan);
        await using var _ = patience.ConfigureAwait(false);
        return await moving.ConfigureAwait(false);
    }

    private void GivePlaceBack()
    {
        if (Interlocked.Exchange(ref _hasPlace, false))
            _place.Dispose();
    }
}
