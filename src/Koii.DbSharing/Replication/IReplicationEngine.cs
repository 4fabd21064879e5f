namespace Koii.DbSharing;

/// <summary>The operations of a <see cref="ReplicationEngine"/>, for applications that replace it by a mock in their tests.</summary>
/// <remarks>The library itself uses <see cref="ReplicationEngine"/>. Dependency injection provides both types, as the same instance.</remarks>
public interface IReplicationEngine
{
    /// <inheritdoc cref="ReplicationEngine.Store"/>
    ILinktreeStore Store { get; }

    /// <inheritdoc cref="ReplicationEngine.OpenAsync"/>
    Task OpenAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc cref="ReplicationEngine.ShareAsync"/>
    Task<ReplicationReport> ShareAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc cref="ReplicationEngine.RunAsync"/>
    Task RunAsync(CancellationToken cancellationToken);

    /// <inheritdoc cref="ReplicationEngine.SubmitAsync"/>
    ValueTask<Verdict> SubmitAsync(SignedLinktree linktree, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="ReplicationEngine.GetSummaryAsync"/>
    ValueTask<SetSummary> GetSummaryAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc cref="ReplicationEngine.GetPeers"/>
    IReadOnlyList<PeerStatus> GetPeers();
}
