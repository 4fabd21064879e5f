namespace Koii.DbSharing.Tests.Replication;

/// <summary>A lease that is ours or another's as the test says.</summary>
internal sealed class FakeLease : IReplicationLease
{
    private Handle? _handle;

    /// <summary>Whether another process has it when we ask.</summary>
    public bool IsElsewhere { get; set; }

    /// <summary>What the database answers in place of the lease.</summary>
    public Exception? Failure { get; set; }

    public int Asked { get; private set; }

    public int Released { get; private set; }

    /// <summary>Loses the lease; it can be acquired anew.</summary>
    public void Lose()
    {
        var lost = _handle!;
        _handle = null;
        lost.Source.Cancel();
    }

    public ValueTask<IReplicationLeaseHandle?> TryAcquireAsync(CancellationToken cancellationToken = default)
    {
        Asked++;
        if (Failure is not null)
            return ValueTask.FromException<IReplicationLeaseHandle?>(Failure);
        return new ValueTask<IReplicationLeaseHandle?>(IsElsewhere ? null : _handle ??= new Handle(this));
    }

    private sealed class Handle(FakeLease lease) : IReplicationLeaseHandle
    {
        public CancellationTokenSource Source { get; } = new();

        public CancellationToken Lost => Source.Token;

        public ValueTask DisposeAsync()
        {
            lease.Released++;
            if (lease._handle == this)
                lease._handle = null;
            return lease.Failure is { } failure ? ValueTask.FromException(failure) : ValueTask.CompletedTask;
        }
    }
}
