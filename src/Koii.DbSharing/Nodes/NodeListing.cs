namespace Koii.DbSharing;

/// <summary>A node list and its status.</summary>
/// <param name="Nodes">The nodes, in the order of the source; it may contain repetitions and this node itself.</param>
public sealed record NodeListing(IReadOnlyList<NodeAddress> Nodes)
{
    /// <summary>Whether the list is current. Default: <see cref="NodeListingStatus.Fresh"/>.</summary>
    public NodeListingStatus Status { get; init; }

    /// <summary>What went wrong, one sentence each, for the report and the log. Default: none.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
