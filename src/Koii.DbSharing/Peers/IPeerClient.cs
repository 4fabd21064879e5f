namespace Koii.DbSharing;

/// <summary>Reads what a peer holds. The one role that a test of an application must fake to play a network.</summary>
/// <remarks>
/// An implementation keeps the limits of time and size of <see cref="PeerLimits"/> itself: the engine trusts it to end, and keeps only
/// <see cref="PeerLimits.MaxBadSignatures"/>. Whatever a peer does is told in the pages: what came before a failure is delivered first, then
/// <see cref="PeerPage.Failure"/> says what happened. It throws for cancellation only; any other exception that escapes is logged and becomes the failure of that peer. It may
/// be called for several peers at once, never for one peer twice at once. Disposing of the enumerator ends the request. One that has its pages ready without ever
/// waiting delays the start of the others by as much, so it should yield before the first.
/// </remarks>
public interface IPeerClient
{
    /// <summary>Reads the peer's whole list, page by page, as it arrives.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="entityTag">The <see cref="PeerPage.EntityTag"/> of an earlier reading, opaque to the engine, or <see langword="null"/> to read in any case.</param>
    /// <param name="cancellationToken">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// At least one page; each of at most <see cref="PeerPage.MaxLinktrees"/> records or <see cref="PeerPage.MaxBytes"/>. The last one alone
    /// carries an entity tag, <see cref="PeerPage.NotModified"/> or a failure. The first page takes none of the <see cref="DbSharingOptions.MaxConcurrentPeers"/> places,
    /// so a client that waits for a connection and for headers gives an empty page when the body begins.
    /// </returns>
    IAsyncEnumerable<PeerPage> ReadAllAsync(NodeAddress peer, string? entityTag, CancellationToken cancellationToken = default);
}
