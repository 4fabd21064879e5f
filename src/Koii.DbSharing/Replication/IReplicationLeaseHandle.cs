namespace Koii.DbSharing;

/// <summary>A lease that is held, from one acquisition until it is released or lost. Disposing the handle releases the lease.</summary>
public interface IReplicationLeaseHandle : IAsyncDisposable
{
    /// <summary>Canceled when the lease is lost or released. Another process may hold it then, and a running round ends.</summary>
    CancellationToken Lost { get; }
}
