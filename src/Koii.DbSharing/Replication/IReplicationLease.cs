namespace Koii.DbSharing;

/// <summary>Lets one of several processes over one database run the rounds of a task. Optional: without a lease the process always runs its rounds.</summary>
/// <remarks>
/// <para>All processes serve and accept submissions. Rounds by more than one of them would fetch and verify the same records again.</para>
/// <para>The engine asks once per round and keeps the handle between rounds, since what it records about peers is valid only while no other process runs rounds. It disposes the
/// handle when <see cref="ReplicationEngine.RunAsync"/> ends, unless a <see cref="ReplicationEngine.ShareAsync"/> call is running; the lease is then released by a later
/// <see cref="ReplicationEngine.RunAsync"/> or when it is disposed. A process that calls <see cref="ReplicationEngine.ShareAsync"/> on a timer of its own keeps the lease until the lease is
/// disposed, usually with the container.</para>
/// <para>Implementations must be safe for use by many threads. The lease prevents wasted work, not errors: two rounds at once do no harm, since the store decides what is kept. An
/// implementation may take some time to notice a lost connection, but should notice it before another process can acquire the lease.</para>
/// </remarks>
public interface IReplicationLease
{
    /// <summary>Acquires the lease without waiting for it to become free.</summary>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>; the lease is then held or not.</param>
    /// <returns>
    /// The same handle as before while the lease has been held without interruption; a new handle after it was acquired again; <see langword="null"/> if another process holds
    /// it.
    /// </returns>
    /// <exception cref="LinktreeStoreException">The database did not answer. The exception ends the round, not the loop.</exception>
    ValueTask<IReplicationLeaseHandle?> TryAcquireAsync(CancellationToken cancellationToken = default);
}
