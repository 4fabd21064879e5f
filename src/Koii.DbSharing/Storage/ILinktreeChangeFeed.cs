namespace Koii.DbSharing.Storage;

/// <summary>
/// Reports what a store has committed since a position. An optional capability of an <see cref="ILinktreeStore"/>.
/// </summary>
/// <remarks>
/// <para>The engine's constructor checks once whether the store implements this interface. If so, the engine answers
/// summaries from an index that follows the feed. Without it a node serves and pulls whole lists only: <c>/summary</c>,
/// <c>/reconcile</c> and <c>/fetch</c> are answered with 404, lists carry no entity tag, and
/// <see cref="ReplicationEngine.GetSummaryAsync"/> lists the store at each call.</para>
/// <para>Safe for use by many threads. I/O failure is a <see cref="LinktreeStoreException"/>.</para>
/// </remarks>
public interface ILinktreeChangeFeed
{
    /// <summary>Reads what changed, in the order in which it was committed, which is the same for all readers.</summary>
    /// <param name="after">
    /// The position to continue from: <see cref="ChangePosition.Start"/>, <see cref="ChangePosition.Latest"/> or the
    /// <see cref="ChangePage.Next"/> of an earlier page.
    /// </param>
    /// <param name="limit">The maximum number of changes to return, at least 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The changes after the position, each exactly once and none skipped; fewer than <paramref name="limit"/> only at
    /// the end of the feed. The changes of one identity form a chain: what a change removes is what the change before
    /// it added. A store trims old changes when it is written to: those older than
    /// <see cref="DbSharingOptions.ChangeRetention"/>, and those beyond the newest
    /// <see cref="DbSharingOptions.MaxRetainedChanges"/>. A store may retain up to twice
    /// <see cref="DbSharingOptions.MaxRetainedChanges"/> before it trims. For a position before the
    /// oldest change that is kept, or one that the store never returned, the page is empty,
    /// <see cref="ChangePage.IsTrimmed"/>, and continues at the end of the feed.
    /// </returns>
    ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default);
}
