using System.Runtime.CompilerServices;

namespace Koii.DbSharing.Storage;

/// <summary>Follows a feed of changes for as long as an application listens.</summary>
public static class LinktreeChangeFeedExtensions
{
    /// <summary>How many changes are read at a time.</summary>
    private const int ChangesPerPage = 512;

    /// <summary>Gives each change after a position, once and in the feed's order, and waits at the present for what comes next. It ends only with its token.</summary>
    /// <remarks>
    /// A change says which versions came and went, not what is in them: <see cref="ILinktreeStore.GetAsync"/> has the record, unless it was replaced meanwhile.
    /// Who wants to go on at the same place after a restart follows pages (<see cref="FollowChangePagesAsync"/>), which say where that is.
    /// </remarks>
    /// <param name="feed">The feed.</param>
    /// <param name="after">Where to begin: <see cref="ChangePosition.Start"/>, <see cref="ChangePosition.Latest"/> or the position of an earlier page.</param>
    /// <param name="pollInterval">How long to wait at the present before the store is asked again. More than zero.</param>
    /// <param name="timeProvider">The clock of the wait. Default: the system's.</param>
    /// <param name="cancellationToken">Ends the sequence with an <see cref="OperationCanceledException"/>, also in the middle of a wait.</param>
    /// <returns>The changes. The sequence may be enumerated several times; each enumeration begins at <paramref name="after"/>.</returns>
    /// <exception cref="ChangesTrimmedException">The feed no longer reaches back to where the reader is. Its message says how to go on.</exception>
    /// <exception cref="LinktreeStoreException">The store failed.</exception>
    public static IAsyncEnumerable<LinktreeChange> FollowChangesAsync(
        this ILinktreeChangeFeed feed, ChangePosition after, TimeSpan pollInterval, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        return OneByOneAsync(feed.FollowChangePagesAsync(after, pollInterval, timeProvider, cancellationToken), cancellationToken);

        static async IAsyncEnumerable<LinktreeChange> OneByOneAsync(IAsyncEnumerable<ChangePage> pages, [EnumeratorCancellation] CancellationToken cancellationToken)
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

    /// <summary>Gives the changes after a position page by page, as <see cref="FollowChangesAsync"/> does one by one, with the place to go on from.</summary>
    /// <remarks>
    /// Keep <see cref="ChangePage.Next"/> together with what was made of a page, and go on from it after a restart or a failure: each change then counts once. A page that
    /// <see cref="ChangePage.IsTrimmed"/> has no changes and says that some were missed: list the store to rebuild what was derived from it. The sequence goes on by
    /// itself after it, and changes that the list has shown already may come once more.
    /// </remarks>
    /// <param name="feed">The feed.</param>
    /// <param name="after">Where to begin: <see cref="ChangePosition.Start"/>, <see cref="ChangePosition.Latest"/> or the position of an earlier page.</param>
    /// <param name="pollInterval">How long to wait at the present before the store is asked again. More than zero.</param>
    /// <param name="timeProvider">The clock of the wait. Default: the system's.</param>
    /// <param name="cancellationToken">Ends the sequence with an <see cref="OperationCanceledException"/>, also in the middle of a wait.</param>
    /// <returns>The pages that have changes or are trimmed; no empty ones.</returns>
    /// <exception cref="LinktreeStoreException">The store failed.</exception>
    public static IAsyncEnumerable<ChangePage> FollowChangePagesAsync(
        this ILinktreeChangeFeed feed, ChangePosition after, TimeSpan pollInterval, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(feed);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(pollInterval, TimeSpan.Zero);
        return ReadPagesAsync(feed, after, pollInterval, timeProvider ?? TimeProvider.System, cancellationToken);
    }

    private static async IAsyncEnumerable<ChangePage> ReadPagesAsync(
        ILinktreeChangeFeed feed, ChangePosition position, TimeSpan pollInterval, TimeProvider timeProvider, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = RoleContract.NotNull(await feed.ReadChangesAsync(position, ChangesPerPage, cancellationToken).ConfigureAwait(false), "ILinktreeChangeFeed.ReadChangesAsync");
            if (page.IsTrimmed || page.Changes.Count > 0)
                yield return page;
            position = page.Next;
            if (page.Changes.Count < ChangesPerPage)
                await Task.Delay(pollInterval, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }
}
