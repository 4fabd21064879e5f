namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>A node of an <see cref="ItemTree"/>: a range of ordered items, with their sum.</summary>
/// <remarks>
/// Only the edit that created a node changes it in place. Any other edit changes a copy, so that snapshots with an
/// older root remain unchanged.
/// </remarks>
/// <param name="edit">The token of the edit that created the node.</param>
internal abstract class TreeNode(object edit)
{
    /// <summary>The sum of the ids below, with their count.</summary>
    public IdSum Sum { get; protected set; }

    /// <summary>The lowest item below. The node must not be the root of an empty tree.</summary>
    public abstract SetItem First { get; }

    /// <summary>The highest item below. The node must not be the root of an empty tree.</summary>
    public abstract SetItem Last { get; }

    /// <summary>Whether the node is less than half full and should be merged with a neighbor.</summary>
    public abstract bool IsSparse { get; }

    /// <summary>Whether the item is below.</summary>
    public abstract bool Contains(SetItem item);

    /// <summary>Gets the number of items below that are lower than the given one.</summary>
    public abstract long RankOf(SetItem item);

    /// <summary>Gets the sum of the first <paramref name="rank"/> items.</summary>
    public abstract IdSum SumBefore(long rank);

    /// <summary>Gets the items from a rank on that are contiguous in memory.</summary>
    public abstract ReadOnlySpan<SetItem> RunAt(long rank);

    /// <summary>Adds an item that the node does not contain. The edit must own the node.</summary>
    /// <returns>The new right neighbor if the node was full and was split, or <see langword="null"/>.</returns>
    public abstract TreeNode? Add(SetItem item, object edit);

    /// <summary>Removes an item that the node contains. The edit must own the node.</summary>
    public abstract void Remove(SetItem item, object edit);

    /// <summary>
    /// Merges the right neighbor into this node, or divides the entries evenly. The edit must own this node; the
    /// neighbor is not changed.
    /// </summary>
    /// <returns>The new right neighbor, or <see langword="null"/> if all entries are in this node.</returns>
    public abstract TreeNode? Merge(TreeNode right, object edit);

    /// <summary>Gets this node if the edit owns it, or a copy that the edit owns.</summary>
    public TreeNode Own(object edit) => IsOwn(edit) ? this : Copy(edit);

    protected abstract TreeNode Copy(object edit);

    private bool IsOwn(object other) => ReferenceEquals(edit, other);
}
