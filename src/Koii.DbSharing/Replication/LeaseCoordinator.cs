using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

/// <summary>Acquires the lease for rounds and keeps its handle from one round to the next. Without a lease every round may run. One call at a time.</summary>
internal sealed partial class LeaseCoordinator(IReplicationLease? lease, string taskId, ILogger logger)
{
    private IReplicationLeaseHandle? _handle;

    /// <summary>Acquires the lease, or finds it still held.</summary>
    /// <returns>Whether a round may run, and under which condition.</returns>
    public async ValueTask<LeaseState> AcquireAsync(CancellationToken cancellationToken)
    {
        if (lease is null)
            return new LeaseState(IsHeld: true, IsChanged: false, Lost: default);

        var handle = await lease.TryAcquireAsync(cancellationToken).ConfigureAwait(false);
        var isChanged = !ReferenceEquals(handle, _handle);
        if (isChanged)
        {
            await ReleaseAsync().ConfigureAwait(false);
            _handle = handle;
            if (handle is not null)
                Log.Acquired(logger, taskId);
        }

        if (handle is null)
            Log.HeldElsewhere(logger, taskId);
        return new LeaseState(handle is not null, isChanged, handle?.Lost ?? default);
    }

    /// <summary>Releases the lease after it was lost during a round.</summary>
    public ValueTask ReleaseLostAsync()
    {
        Log.Lost(logger, taskId);
        return ReleaseAsync();
    }

    /// <summary>Releases the lease if it is held, so that another process can acquire it.</summary>
    public async ValueTask ReleaseAsync()
    {
        var handle = _handle;
        _handle = null;
        try
        {
            if (handle is not null)
                await handle.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Most often the database is gone, and the lease with it.
            Log.NotReleased(logger, taskId, exception);
        }
    }

    /// <summary>The state of the lease at the start of a round.</summary>
    /// <param name="IsHeld">Whether this process may run the round.</param>
    /// <param name="IsChanged">Whether the lease was acquired or lost since the last round, so that another process may have run rounds meanwhile.</param>
    /// <param name="Lost">Canceled when the lease is lost.</param>
    internal readonly record struct LeaseState(bool IsHeld, bool IsChanged, CancellationToken Lost);
}
