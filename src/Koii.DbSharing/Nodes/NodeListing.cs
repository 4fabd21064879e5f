namespace Koii.DbSharing;

/// <summary>A node list and how it was come by.</summary>
/// <param name="Nodes">The nodes, in the order of the source; it may hold repetitions and the asking node itself.</param>
public sealed record NodeListing(IReadOnlyList<NodeAddress> Nodes)
{
    /// <summary>How the list was come by. Default: <see cref="NodeListingStatus.Fresh"/>.</summary>
    public NodeListingStatus Status { get; init; }

    /// <summary>What went wrong, one sentence each, for the report and the log. Default: nothing.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
