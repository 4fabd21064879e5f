namespace Koii.DbSharing;

/// <summary>What a peer says of all that it holds (protocol §3, <c>summary</c>).</summary>
/// <param name="Set">Count and fingerprint.</param>
/// <param name="LinktreesPerAuthor">How many records it keeps of one author. Where that differs from this node's, the two never agree.</param>
public sealed record PeerSummary(SetSummary Set, int LinktreesPerAuthor)
{
    /// <summary>Whether it can be reconciled with. Default: <see langword="true"/>.</summary>
    public bool CanReconcile { get; init; } = true;
}
