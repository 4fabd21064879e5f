using System.Runtime.CompilerServices;

namespace Koii.DbSharing.Storage;

/// <summary>Reads a change feed continuously.</summary>
public static class LinktreeChangeFeedExtensions
{
    /// <summary>How many changes are read at a time.</summary>
    private const int ChangesPerPage = 512;

    /// <summary>
    /// Returns each change after a position, once and in the feed's order, and polls for more at the end of the feed.
    /// The sequence ends only when it is canceled.
    /// </summary>
    /// <remarks>
    /// A change contains versions, not data: <see cref="ILinktreeStore.GetAsync"/> returns the record, unless it was
    /// replaced meanwhile. A reader that must continue at the same position after a restart uses
    /// <see cref="FollowChangePagesAsync"/>, whose pages contain that position.
    /// </remarks>
    /// <param name="feed">The feed.</param>
    /// <param name="after">
    /// The position to start from: <see cref="ChangePosition.Start"/>, <see cref="ChangePosition.Latest"/> or the
    /// <see cref="ChangePage.Next"/> of an earlier page.
    /// </param>
    /// <param name="pollInterval">
    /// The delay at the end of the feed before the store is read again. Greater than zero.
    /// </param>
    /// <param name="timeProvider">The clock of the delay. Default: the system clock.</param>
    /// <param name="cancellationToken">
    /// Ends the sequence with an <see cref="OperationCanceledException"/>, also during a delay.
    /// </param>
    /// <returns>
    /// The changes. The sequence may be enumerated several times; each enumeration starts at <paramref name="after"/>.
    /// </returns>
    /// <exception cref="ChangesTrimmedException">
    /// The feed no longer contains the next change. The message states how to continue.
    /// </exception>
    /// <exception cref="LinktreeStoreException">The store failed.</exception>
    public static IAsyncEnumerable<LinktreeChange> FollowChangesAsync(
        this ILinktreeChangeFeed feed,
        ChangePosition after,
        TimeSpan pollInterval,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default)
    {
        return OneByOneAsync(feed.FollowChangePagesAsync(after, pollInterval, timeProvider, cancellationToken), cancellationToken);

        static async IAsyncEnumerable<LinktreeChange> OneByOneAsync(
            IAsyncEnumerable<ChangePage> pages, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var page in pages.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (page.IsTrimmed)
                    throw new ChangesTrimmedException(page.Next);
                foreach (var change in page.Changes)
                    yield return change;
            }
        }
    }

    /// <summary>
    /// Returns the changes after a position page by page, as <see cref="FollowChangesAsync"/> returns them one by one,
    /// with the position to continue from.
    /// </summary>
    /// <remarks>
    /// Save <see cref="ChangePage.Next"/> together with the result of a page, and continue from it after a restart or a
    /// failure: each change then takes effect once. A page that is <see cref="ChangePage.IsTrimmed"/> has no changes
    /// and means that some were missed: discard what was derived from the feed. The sequence continues with all that is
    /// stored.
    /// </remarks>
    /// <param name="feed">The feed.</param>
    /// <param name="after">
    /// The position to start from: <see cref="ChangePosition.Start"/>, <see cref="ChangePosition.Latest"/> or the
    /// <see cref="ChangePage.Next"/> of an earlier page.
    /// </param>
    /// <param name="pollInterval">
    /// The delay at the end of the feed before the store is read again. Greater than zero.
    /// </param>
    /// <param name="timeProvider">The clock of the delay. Default: the system clock.</param>
    /// <param name="cancellationToken">
    /// Ends the sequence with an <see cref="OperationCanceledException"/>, also during a delay.
    /// </param>
    /// <returns>The pages that have changes or are trimmed.</returns>
    /// <exception cref="LinktreeStoreException">The store failed.</exception>
    public static IAsyncEnumerable<ChangePage> FollowChangePagesAsync(
        this ILinktreeChangeFeed feed,
        ChangePosition after,
        TimeSpan pollInterval,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(feed);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(pollInterval, TimeSpan.Zero);
        return ReadPagesAsync(feed, after, pollInterval, timeProvider ?? TimeProvider.System, cancellationToken);
    }

    private static async IAsyncEnumerable<ChangePage> ReadPagesAsync(
        ILinktreeChangeFeed feed,
        ChangePosition position,
        TimeSpan pollInterval,
        TimeProvider timeProvider,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await feed.ReadChangesAsync(position, ChangesPerPage, cancellationToken).ConfigureAwait(false);
            if (page.IsTrimmed || page.Changes.Count > 0)
                yield return page;
            position = page.Next;
            if (page.Changes.Count < ChangesPerPage)
                await Task.Delay(pollInterval, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }
}
