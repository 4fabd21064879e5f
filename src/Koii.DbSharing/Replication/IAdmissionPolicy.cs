namespace Koii.DbSharing;

/// <summary>
/// Says which of the good records this node keeps: authors that may take part, or that may not. An optional role; without it every record that is
/// valid by the protocol is kept.
/// </summary>
/// <remarks>
/// <para>It is asked last: for records of this task that are due, newer than what is held and well signed, from peers and from submissions alike. A record that it
/// refuses gets <see cref="RejectionReason.Policy"/>, is not stored and not passed on, and is no fault of the peer that sent it. The answer is not cached: it may change
/// from one round to the next, so an author who is let in later is taken with the next round. Records that are held already are not asked about again; a policy removes
/// nothing.</para>
/// <para>Nodes with different policies do not agree on one set: they never reach the same summary, and each asks the other for what it refuses again and again. All
/// nodes of a task should have the same one.</para>
/// <para>It may be asked from several threads at once. What it throws ends the pull as <see cref="PeerFailureKind.UnexpectedError"/>, or comes out of
/// <see cref="ReplicationEngine.SubmitAsync"/>; nothing of that page is stored.</para>
/// </remarks>
public interface IAdmissionPolicy
{
    /// <summary>Decides on one record.</summary>
    /// <param name="linktree">The record. Its signature was checked.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether the record may be kept here.</returns>
    ValueTask<bool> IsAdmittedAsync(SignedLinktree linktree, CancellationToken cancellationToken = default);
}
