namespace Koii.DbSharing;

/// <summary>
/// Keeps one task's records. The store, not its caller, decides what stays: of each identity the newest version, of each
/// author the newest <see cref="DbSharingOptions.LinktreesPerAuthor"/> identities, and no more in all than
/// <see cref="DbSharingOptions.MaxRecords"/> and <see cref="DbSharingOptions.MaxBytes"/> (protocol §1.9). Its state is
/// therefore a function of the set of records it was given, as long as these bounds are not reached; then the order
/// matters too.
/// </summary>
/// <remarks>
/// <para>Values go in and values come out: nothing stays open between calls, so a slow reader holds no cursor and no
/// transaction. All methods may be called from many threads at once. Each <see cref="PutAsync"/> is atomic and is seen
/// by others wholly or not at all.</para>
/// <para>The store does not validate what it is given: signature, task and timestamp were validated before. It keeps
/// <see cref="SignedLinktree.Data"/>, key and signature byte for byte, and compares uuids unit by unit, without
/// collation or normalization.</para>
/// <para>A result is durable: what was acknowledged survives the end of the process.
/// (<see cref="InMemoryLinktreeStore"/> is the only exception.)</para>
/// <para>I/O failure is a <see cref="LinktreeStoreException"/>; after it, as after cancellation, the call has had its
/// whole effect or none. <see cref="ArgumentNullException"/> and <see cref="ArgumentOutOfRangeException"/> are for
/// invalid arguments.</para>
/// <para>A store that can also report its changes in order implements <see cref="Storage.ILinktreeChangeFeed"/>.</para>
/// </remarks>
public interface ILinktreeStore
{
    /// <summary>Stores a batch of records, in the batch's order, in one atomic step.</summary>
    /// <param name="linktrees">The records; an identity, and even a record, may occur more than once.</param>
    /// <param name="cancellationToken">Ends the wait; the batch is then stored wholly or not at all.</param>
    /// <returns>One outcome for each record, in the same order.</returns>
    ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default);

    /// <summary>Looks up which version of each identity is stored.</summary>
    /// <param name="keys">The identities.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// For each key, in the same order, the stored version, tombstones included, or <see langword="null"/>.
    /// </returns>
    ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default);

    /// <summary>Gets records by id, tombstones included.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The records that are stored, each once, in the order in which their ids first occur in <paramref name="ids"/>.
    /// </returns>
    ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default);

    /// <summary>Lists records in ascending order of <see cref="LinktreeVersion"/>, a page at a time.</summary>
    /// <param name="query">Which records, and from where on.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// A page of one state of the store. It ends at the query's limit, or earlier with the record that takes its data
    /// to 1 MiB. Between two pages the store may change: a record that is replaced meanwhile moves to a later position,
    /// and no record that stays is missed.
    /// </returns>
    ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default);
}
