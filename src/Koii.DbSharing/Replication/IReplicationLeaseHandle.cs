namespace Koii.DbSharing;

/// <summary>A lease that is held, from one acquisition until it is given up or lost. To dispose of it gives it up, so that another process can have it at once.</summary>
public interface IReplicationLeaseHandle : IAsyncDisposable
{
    /// <summary>Cancelled when the lease is lost or given up: another process may have it now, and a round under way ends.</summary>
    CancellationToken Lost { get; }
}
