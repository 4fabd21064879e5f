namespace Koii.DbSharing.Replication;

/// <summary>Reads the pages of a peer, one ahead of its caller. Not safe for use by several threads at once.</summary>
internal sealed class ReadAhead
{
    private static readonly Task<bool> Nothing = Task.FromResult(false);

    private readonly CancellationTokenSource _ending;
    private IAsyncEnumerator<PeerPage>? _pages;

    /// <summary>Opens the pages and starts to read the first one.</summary>
    /// <param name="open">Opens the pages.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public ReadAhead(Func<CancellationToken, IAsyncEnumerable<PeerPage>> open, CancellationToken cancellationToken)
    {
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Reading = OpenAsync(open);
    }

    /// <summary>The page that is being read.</summary>
    public Task<bool> Reading { get; private set; }

    /// <summary>Waits for the page that is being read.</summary>
    /// <returns>The page, or <see langword="null"/> after the last one. An exception of the client is thrown.</returns>
    public async ValueTask<PeerPage?> TakeAsync()
    {
        try
        {
            return await Reading.ConfigureAwait(false) ? _pages!.Current : null;
        }
        finally
        {
            Reading = Nothing;
        }
    }

    /// <summary>Starts to read the next page.</summary>
    public void Continue() => Reading = MoveNextAsync();

    /// <summary>Cancels the page that is being read, and closes the pages.</summary>
    /// <returns>A task that completes when the pages are closed. An exception of the client is thrown.</returns>
    public async ValueTask CloseAsync()
    {
        try
        {
            // An enumerator must not be disposed while it moves. CancelAsync continues on a thread of the pool, which makes tests on a fake clock nondeterministic.
            if (!Reading.IsCompleted)
                _ending.Cancel();
            await Reading.ConfigureAwait(false);
        }
        finally
        {
            if (_pages is not null)
                await _pages.DisposeAsync().ConfigureAwait(false);
            _ending.Dispose();
        }
    }

    private async Task<bool> OpenAsync(Func<CancellationToken, IAsyncEnumerable<PeerPage>> open)
    {
        _ending.Token.ThrowIfCancellationRequested();
        _pages = open(_ending.Token).GetAsyncEnumerator(_ending.Token);
        return await _pages.MoveNextAsync().ConfigureAwait(false);
    }

    private async Task<bool> MoveNextAsync()
    {
        _ending.Token.ThrowIfCancellationRequested();
        return await _pages!.MoveNextAsync().ConfigureAwait(false);
    }
}
