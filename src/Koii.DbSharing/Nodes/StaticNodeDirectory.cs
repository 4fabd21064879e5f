namespace Koii.DbSharing;

/// <summary>A fixed list of nodes, always fresh. Immutable and safe for use by many threads.</summary>
public sealed class StaticNodeDirectory : INodeDirectory
{
    private readonly NodeListing _listing;

    /// <summary>Initializes a directory of these nodes.</summary>
    /// <param name="nodes">The nodes, none of them <see langword="null"/>; the collection is copied.</param>
    /// <exception cref="ArgumentException">One of the nodes is <see langword="null"/>.</exception>
    public StaticNodeDirectory(IEnumerable<NodeAddress> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        NodeAddress[] copy = [.. nodes];
        if (copy.Contains(null))
            throw new ArgumentException("A node is null; leave it out.", nameof(nodes));
        _listing = new NodeListing(copy.AsReadOnly());
    }

    /// <inheritdoc/>
    public ValueTask<NodeListing> GetNodesAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<NodeListing>(cancellationToken) : ValueTask.FromResult(_listing);
}
