namespace Koii.DbSharing;

/// <summary>
/// Lets one of several processes over one database run the rounds of a task. All of them serve and take submissions; rounds by more than one would only fetch and
/// verify the same records again. Where there is no lease, the rounds are always ours.
/// </summary>
/// <remarks>
/// <para>The engine asks once a round and keeps the handle between rounds: what it remembers of peers is true only as long as nobody else has run rounds. It gives the handle
/// back when <see cref="ReplicationEngine.RunAsync"/> ends. A process that calls <see cref="ReplicationEngine.ShareAsync"/> by a timer of its own keeps it until the lease is
/// disposed of, most often with the services.</para>
/// <para>A lease must be safe for use by many threads. It guards against waste and not against error: two rounds at once do no harm, since the store decides what is
/// kept. So an implementation may take a while to notice that a connection is lost, but should notice it before another process can have the lease.</para>
/// </remarks>
public interface IReplicationLease
{
    /// <summary>Asks for the right to run rounds, without waiting for it to become free.</summary>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>; the lease is then ours or it is not.</param>
    /// <returns>
    /// The same handle as the time before for as long as the lease has been held without a gap; a new one when it was acquired anew; <see langword="null"/> when
    /// another process has it.
    /// </returns>
    /// <exception cref="LinktreeStoreException">The database could not be asked. It ends the round, not the loop.</exception>
    ValueTask<IReplicationLeaseHandle?> TryAcquireAsync(CancellationToken cancellationToken = default);
}
