using System.Runtime.CompilerServices;
using Koii.DbSharing.Concurrency;
using Koii.DbSharing.Http;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Peers;

/// <summary>Reads the records of bodies a page at a time, as many bodies at the same time as there are permits.</summary>
/// <remarks>
/// A permit is taken to read the next page and released before the page is yielded, so the caller processes a page without
/// one. A body that keeps its reader waiting for <see cref="PermitTimeout"/> loses its permit while the reading goes on, so
/// slow peers do not delay the others. Safe for use by many threads.
/// </remarks>
internal sealed class PageReader(AsyncSemaphore permits, TimeProvider timeProvider)
{
    private static readonly TimeSpan PermitTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Reads the pages of a body.</summary>
    /// <returns>The pages, and whether each is the last.</returns>
    public async IAsyncEnumerable<(PeerPage Page, bool IsLast)> ReadAsync(
        TransferBody body, ListLimits limits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pages = LinktreeReader.ReadListAsync(body, limits, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var _ = pages.ConfigureAwait(false);
        var counted = 0L;
        while (await MoveNextAsync(pages, body, cancellationToken).ConfigureAwait(false))
        {
            var read = pages.Current;
            var page = new PeerPage(read.Linktrees)
            {
                Malformed = read.Malformed,
                MalformedDigest = read.MalformedDigest,
                BytesReceived = body.BytesReceived - counted,
                Failure = PeerFailures.From(read.End, body.Fault),
            };
            counted = body.BytesReceived;
            yield return (page, read.End is not ListEnd.More);
        }
    }

    /// <summary>
    /// Reads the next page with a permit, which is released after <see cref="PermitTimeout"/> even if the page has not
    /// come.
    /// </summary>
    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<LinktreeListPage> pages, TransferBody body, CancellationToken cancellationToken)
    {
        // No read is pending while the permit is awaited, so that time counts only for the limit of the whole transfer.
        using var permit = new Permit(await permits.AcquireAsync(cancellationToken).ConfigureAwait(false));
        var reading = ReadNextAsync();
        if (reading.IsCompleted)
            return await reading.ConfigureAwait(false);

        using var timer = timeProvider.CreateTimer(static state => ((Permit)state!).Dispose(), permit, PermitTimeout, Timeout.InfiniteTimeSpan);
        return await reading.ConfigureAwait(false);

        async ValueTask<bool> ReadNextAsync()
        {
            if (!await pages.MoveNextAsync().ConfigureAwait(false))
                return false;
            if (pages.Current.End is ListEnd.Complete)
                await body.FinishAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
    }

    /// <summary>A permit to read a body that may be released twice, by the reader and by its timer.</summary>
    private sealed class Permit(AsyncSemaphore.Releaser releaser) : IDisposable
    {
        private bool _isReleased;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _isReleased, true))
                releaser.Dispose();
        }
    }
}
