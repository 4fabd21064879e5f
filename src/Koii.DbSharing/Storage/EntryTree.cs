namespace Koii.DbSharing.Storage;

/// <summary>
/// Entries in ascending order of their versions: a B+ tree, so that each operation takes O(log n) time, whatever the
/// order in which entries arrive.
/// </summary>
/// <remarks>For use by one thread at a time.</remarks>
internal sealed class EntryTree
{
    private EntryTreeNode _root = new(isLeaf: true);

    internal int Count { get; private set; }

    /// <summary>The entry with the lowest version. The tree must not be empty.</summary>
    internal InMemoryEntry First
    {
        get
        {
            var leaf = FirstLeaf;
            while (leaf.Slots.IsEmpty)
                leaf = leaf.Next!;
            return leaf.Slots[0].Entry;
        }
    }

    internal EntryTreeNode FirstLeaf => _root.FirstLeaf;

    internal void Add(InMemoryEntry entry)
    {
        if (_root.Add(entry) is { } right)
            _root = new EntryTreeNode(_root, right);
        Count++;
    }

    /// <summary>Removes an entry that the tree has.</summary>
    internal void Remove(InMemoryEntry entry)
    {
        _root.Remove(entry);
        while (_root.OnlyChild is { } child)
            _root = child;
        Count--;
    }

    /// <summary>Gets the entries after a version, or all.</summary>
    internal IEnumerable<InMemoryEntry> After(LinktreeVersion? version)
    {
        var leaf = version is { } start ? _root.LeafOf(start) : FirstLeaf;
        for (var index = version is { } after ? leaf.IndexAfter(after) : 0; leaf is not null; (leaf, index) = (leaf.Next, 0))
        {
            for (; index < leaf.Slots.Length; index++)
                yield return leaf.Slots[index].Entry;
        }
    }
}
