namespace Koii.DbSharing;

/// <summary>Reads the records of a peer.</summary>
/// <remarks>
/// <para>The engine applies <see cref="PeerLimits.PeerTimeout"/> and <see cref="PeerLimits.MaxBadSignatures"/>; the
/// implementation enforces the other limits of <see cref="PeerLimits"/>.</para>
/// <para>What a peer does is a value in the pages: first what came before a failure, then the failure in
/// <see cref="PeerPage.Failure"/>. A method throws only for cancellation; the engine logs any other exception and
/// reports it as the failure of that peer.</para>
/// <para>The engine calls it for several peers at once, but not twice at once for one peer. Disposing of the enumerator
/// ends the request.</para>
/// <para>A client that implements <see cref="IPeerReconciler"/> too is used for both, unless another reconciler is
/// given to the engine.</para>
/// </remarks>
public interface IPeerClient
{
    /// <summary>Reads the peer's whole list, page by page, as it arrives.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="entityTag">
    /// The <see cref="PeerPage.EntityTag"/> of an earlier reading, so that an unchanged list is not read again;
    /// <see langword="null"/> to read it in any case.
    /// </param>
    /// <param name="cancellationToken">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// At least one page; each of at most <see cref="PeerPage.MaxLinktrees"/> records or
    /// <see cref="PeerPage.MaxBytes"/>. Only the last page has an entity tag, <see cref="PeerPage.NotModified"/> or a
    /// failure.
    /// </returns>
    IAsyncEnumerable<PeerPage> ReadAllAsync(NodeAddress peer, string? entityTag, CancellationToken cancellationToken = default);
}
