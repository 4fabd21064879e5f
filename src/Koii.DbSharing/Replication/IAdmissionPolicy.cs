namespace Koii.DbSharing;

/// <summary>Decides which valid records this node keeps, for example those of an allow list of authors. Optional: without a policy every valid record is kept.</summary>
/// <remarks>
/// <para>The policy is asked last, for records of this task that are due, newer than the version held and correctly signed, from peers and submissions alike. A record
/// that it rejects gets <see cref="RejectionReason.Policy"/>, is neither stored nor served, and does not count against the peer that sent it. The answer is not cached and may change from one
/// round to the next. Records that are already held are not asked about again; a policy removes nothing.</para>
/// <para>Nodes with different policies do not converge: their summaries never match, and each node requests the rejected records again in later rounds. All nodes of a task
/// should have the same policy.</para>
/// <para>Implementations must be safe for use by many threads. An exception ends the pull with <see cref="PeerFailureKind.UnexpectedError"/>, or is thrown by
/// <see cref="ReplicationEngine.SubmitAsync"/>; nothing of that batch is stored.</para>
/// </remarks>
public interface IAdmissionPolicy
{
    /// <summary>Decides on one record.</summary>
    /// <param name="linktree">The record. Its signature is valid.</param>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Whether the record may be kept.</returns>
    ValueTask<bool> IsAdmittedAsync(SignedLinktree linktree, CancellationToken cancellationToken = default);
}
