namespace Koii.DbSharing;

/// <summary>
/// Count and fingerprint of a peer's records, and what a node needs to reconcile with it (protocol §3, <c>summary</c>).
/// </summary>
/// <param name="Set">Count and fingerprint of all records.</param>
/// <param name="LinktreesPerAuthor">
/// How many records the peer keeps of one author. Where it differs from this node's, the two never agree.
/// </param>
public sealed record PeerSummary(SetSummary Set, int LinktreesPerAuthor)
{
    /// <summary>Whether the peer answers reconciliation messages. Default: <see langword="true"/>.</summary>
    public bool CanReconcile { get; init; } = true;
}
