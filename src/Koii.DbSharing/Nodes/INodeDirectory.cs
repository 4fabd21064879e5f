namespace Koii.DbSharing;

/// <summary>Lists the nodes of a task. The engine calls it once a round, from one thread at a time.</summary>
/// <remarks>
/// The list is not trusted: entries may be dead, hostile or the node itself; the engine drops the node's own addresses
/// and repeated ones. If the list cannot be obtained, the method returns
/// <see cref="NodeListingStatus.Unavailable"/>, or the last good list as <see cref="NodeListingStatus.Stale"/>; it does
/// not throw. The engine logs an exception and treats it as unavailable. Cancellation has no side effects.
/// </remarks>
public interface INodeDirectory
{
    /// <summary>Gets the nodes of the task.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The list and its status; not <see langword="null"/>.</returns>
    ValueTask<NodeListing> GetNodesAsync(CancellationToken cancellationToken = default);
}
