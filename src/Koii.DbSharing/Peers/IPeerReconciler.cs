namespace Koii.DbSharing;

/// <summary>
/// Finds and reads only the records that differ between this node and a peer, by the protocol's extension (§3).
/// Optional: without a reconciler, and from peers that do not have the extension, whole lists are read.
/// </summary>
/// <remarks>
/// Each call is one exchange and keeps no state. As with <see cref="IPeerClient"/>, an implementation keeps the limits
/// of <see cref="PeerLimits"/> itself, returns what a peer does as a value, and throws only for cancellation. The
/// engine calls it for several peers at once, but not twice at once for one peer.
/// </remarks>
public interface IPeerReconciler
{
    /// <summary>Gets count and fingerprint of all records of a peer.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// The summary, or the reason why there is none: <see cref="PeerFailureKind.NotSupported"/> where the peer does not
    /// have the extension.
    /// </returns>
    ValueTask<PeerAnswer<PeerSummary>> GetSummaryAsync(NodeAddress peer, CancellationToken cancellationToken = default);

    /// <summary>Sends one reconciliation message (§5).</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="message">The message, at most 512 KiB.</param>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The peer's message as it came, at most 512 KiB, or the reason why there is none.</returns>
    ValueTask<PeerAnswer<ReadOnlyMemory<byte>>> ReconcileAsync(
        NodeAddress peer, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default);

    /// <summary>Reads records by their ids.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="ids">The ids, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// At least one page, as from <see cref="IPeerClient.ReadAllAsync"/>. A peer leaves out records that it does not
    /// have, and the rest after 4 MiB.
    /// </returns>
    IAsyncEnumerable<PeerPage> FetchAsync(NodeAddress peer, IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default);
}
