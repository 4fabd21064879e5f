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
    /// The changes after the position, each once; fewer than <paramref name="limit"/> only at the end of the feed. A reader
    /// that starts at <see cref="ChangePosition.Start"/> first receives an addition for each record that is stored, and then
    /// every change. The changes of one identity form a chain: a change removes what the change before it added. If the
    /// replaced version was not returned to the reader, its replacement is an insertion. If the reader has missed changes, the
    /// store never returned the position, or records are gone without a change, the page is empty and
    /// <see cref="ChangePage.IsTrimmed"/>.
    /// </returns>
    /// <remarks>
    /// The store keeps what was removed, and trims it when it is written to: removals that are older than
    /// <see cref="DbSharingOptions.ChangeRetention"/>, and removals after which <see cref="DbSharingOptions.MaxRetainedChanges"/>
    /// changes came. A reader has missed changes if a removal was trimmed that happened after the reader started or, once the
    /// reader has received all that was stored then, after its position. Records are gone without a change when a store withholds
    /// them because of a wrong clock (protocol §1.8) or finds them damaged; all readers then start again. Additions of stored records are never trimmed, so
    /// reading from <see cref="ChangePosition.Start"/> is always possible.
    /// </remarks>
    ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default);
}
