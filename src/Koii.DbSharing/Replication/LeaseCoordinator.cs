using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Runs rounds under a lease, and keeps its handle from one to the next. What is remembered of peers goes with the handle: a new one says that others may have run
/// rounds meanwhile. Without a lease, every round is ours. Not safe for threads: one round, or the giving up, at a time.
/// </summary>
internal sealed partial class LeaseCoordinator(IReplicationLease? lease, PeerMemory memory, string taskId, ILogger logger)
{
    private IReplicationLeaseHandle? _handle;

    /// <summary>Runs a round if the lease is ours, and ends it when the lease is lost.</summary>
    /// <returns>Its report, or <see langword="null"/> where another process has the lease, or may have it now.</returns>
    public async Task<ReplicationReport?> TryRunAsync(Func<CancellationToken, Task<ReplicationReport>> round, CancellationToken cancellationToken)
    {
        if (lease is null)
            return await round(cancellationToken).ConfigureAwait(false);

        var handle = await lease.TryAcquireAsync(cancellationToken).ConfigureAwait(false);
        if (!ReferenceEquals(handle, _handle))
        {
            await GiveUpAsync().ConfigureAwait(false);
            memory.Clear();
            _handle = handle;
            if (handle is not null)
                Log.Acquired(logger, taskId);
        }

        if (handle is null)
        {
            Log.HeldElsewhere(logger, taskId);
            return null;
        }

        using var untilLost = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, handle.Lost);
        try
        {
            return await round(untilLost.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (handle.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Log.Lost(logger, taskId);
            await GiveUpAsync().ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException)
        {
            // In the caller's own name, where it was the caller.
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    /// <summary>Lets another process have the lease, where it is ours.</summary>
    public async ValueTask GiveUpAsync()
    {
        var handle = _handle;
        _handle = null;
        try
        {
            if (handle is not null)
                await handle.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            // Most often the database is gone, and the lease with it.
            Log.NotGivenUp(logger, taskId, fault);
        }
    }
}
