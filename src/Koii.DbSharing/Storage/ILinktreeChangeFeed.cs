namespace Koii.DbSharing.Storage;

/// <summary>Tells readers what a store has committed since they read last. An optional capability of an <see cref="ILinktreeStore"/>.</summary>
/// <remarks>
/// <para>The engine looks for it once, on the store itself, when it is constructed. With it the engine answers summaries from an index that follows the feed. Without it
/// a node serves and pulls whole lists only: <c>/summary</c>, <c>/reconcile</c> and <c>/fetch</c> are answered with 404, lists carry no entity tag, and
/// <see cref="ReplicationEngine.GetSummaryAsync"/> lists the store at each call.</para>
/// <para>Safe for use by many threads. I/O failure is a <see cref="LinktreeStoreException"/>.</para>
/// </remarks>
public interface ILinktreeChangeFeed
{
    /// <summary>Reads what changed, in the order in which it was committed, which is the same for all readers.</summary>
    /// <param name="after">The position to go on from: <see cref="ChangePosition.Start"/>, <see cref="ChangePosition.Latest"/> or one from an earlier page.</param>
    /// <param name="limit">The most changes to return, at least 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The changes after the position, each exactly once and none skipped; fewer than <paramref name="limit"/> only at the present. The changes of one
    /// identity form a chain: what one of them removes is what the one before it added. A store trims old history when it is written to: changes older than
    /// <see cref="DbSharingOptions.ChangeRetention"/>, and those beyond the newest <see cref="DbSharingOptions.MaxRetainedChanges"/>, of which it may keep as many again.
    /// After a position that it no longer reaches back to, or never gave, the page is empty, <see cref="ChangePage.IsTrimmed"/>, and goes on from the present.
    /// </returns>
    ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default);
}
