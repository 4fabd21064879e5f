namespace Koii.DbSharing;

/// <summary>
/// The union of several directories, in their order, without repetitions. All are called at once; one that throws
/// counts as unavailable, and the type of its exception becomes a problem of the list. As safe for use by many threads as the
/// directories are.
/// </summary>
public sealed class CompositeNodeDirectory : INodeDirectory
{
    private readonly INodeDirectory[] _directories;

    /// <summary>Combines directories.</summary>
    /// <param name="directories">
    /// The directories, none of them <see langword="null"/>; the collection is copied. Without any, the list is empty
    /// and fresh.
    /// </param>
    /// <exception cref="ArgumentException">One of the directories is <see langword="null"/>.</exception>
    public CompositeNodeDirectory(params IReadOnlyList<INodeDirectory> directories)
    {
        ArgumentNullException.ThrowIfNull(directories);
        _directories = [.. directories];
        if (_directories.Contains(null))
            throw new ArgumentException("A directory is null; leave it out.", nameof(directories));
    }

    /// <summary>
    /// Calls all directories. The status is <see cref="NodeListingStatus.Fresh"/> when all are,
    /// <see cref="NodeListingStatus.Unavailable"/> when all are, and <see cref="NodeListingStatus.Stale"/> otherwise;
    /// the problems are those of all.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The union.</returns>
    public async ValueTask<NodeListing> GetNodesAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var listings = await Task.WhenAll(_directories.Select(directory => GetNodesAsync(directory, cancellationToken))).ConfigureAwait(false);
        return new NodeListing([.. listings.SelectMany(listing => listing.Nodes).Distinct()])
        {
            Status = StatusOf(listings),
            Problems = [.. listings.SelectMany(listing => listing.Problems)],
        };
    }

    private static NodeListingStatus StatusOf(NodeListing[] listings)
    {
        if (listings.All(listing => listing.Status is NodeListingStatus.Fresh))
            return NodeListingStatus.Fresh;
        return listings.All(listing => listing.Status is NodeListingStatus.Unavailable) ? NodeListingStatus.Unavailable : NodeListingStatus.Stale;
    }

    private static async Task<NodeListing> GetNodesAsync(INodeDirectory directory, CancellationToken cancellationToken)
    {
        try
        {
            return await directory.GetNodesAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var problem = $"{directory.GetType().Name}.GetNodesAsync threw {exception.GetType().Name}.";
            return new NodeListing([]) { Status = NodeListingStatus.Unavailable, Problems = [problem] };
        }
    }
}
