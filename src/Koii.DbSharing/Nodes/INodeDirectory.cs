namespace Koii.DbSharing;

/// <summary>Answers which nodes there are. The engine asks once a round, from one thread at a time.</summary>
/// <remarks>
/// The list is hearsay: entries may be dead, hostile or the node itself; the engine drops the node's own addresses and
/// repeated ones. A list that cannot be had is an answer (<see cref="NodeListingStatus.Unavailable"/> or the last good list as
/// <see cref="NodeListingStatus.Stale"/>), not an exception; one that escapes is logged and counts as unavailable.
/// Cancellation leaves nothing behind.
/// </remarks>
public interface INodeDirectory
{
    /// <summary>Gets the nodes of the task.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The list and how it was come by; never <see langword="null"/>.</returns>
    ValueTask<NodeListing> GetNodesAsync(CancellationToken cancellationToken = default);
}
