namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>
/// A node of the tree: a run of items in order, with their sum. It may be changed by the edit that made it and by nobody else: every other edit works on a copy, so
/// whoever holds a root from before sees nothing of it (<see cref="ItemTree"/>).
/// </summary>
/// <param name="edit">The edit that made it.</param>
internal abstract class TreeNode(object edit)
{
    /// <summary>How many items there are below, and the sum of their ids.</summary>
    public IdSum Sum { get; protected set; }

    /// <summary>The least item below. A node has one, unless it is the root of an empty tree.</summary>
    public abstract SetItem First { get; }

    /// <summary>The greatest item below, where there is one.</summary>
    public abstract SetItem Last { get; }

    /// <summary>Whether the node is less than half full, and so to be joined with a neighbour.</summary>
    public abstract bool IsSparse { get; }

    /// <summary>How many items below are less than the given one.</summary>
    public abstract long RankOf(SetItem item);

    /// <summary>The sum of as many of the first items.</summary>
    public abstract IdSum SumBefore(long rank);

    /// <summary>The items from a place on, as far as they lie together.</summary>
    public abstract ReadOnlySpan<SetItem> RunAt(long rank);

    /// <summary>Adds an item that is not there. The node must be the edit's own.</summary>
    /// <returns>What has become the node's right neighbour, where the node was full.</returns>
    public abstract TreeNode? Add(SetItem item, object edit);

    /// <summary>Removes an item that is there. The node must be the edit's own.</summary>
    public abstract void Remove(SetItem item, object edit);

    /// <summary>Joins the right neighbour into this node, or shares evenly with it. The node must be the edit's own; the neighbour is left as it is.</summary>
    /// <returns>What has become the right neighbour, or <see langword="null"/>.</returns>
    public abstract TreeNode? Join(TreeNode right, object edit);

    /// <summary>This node where it is the edit's own, else a copy that is.</summary>
    public TreeNode Own(object edit) => IsOwn(edit) ? this : Copy(edit);

    protected abstract TreeNode Copy(object edit);

    private bool IsOwn(object other) => ReferenceEquals(edit, other);
}
