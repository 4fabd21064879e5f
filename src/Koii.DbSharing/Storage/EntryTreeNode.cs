namespace Koii.DbSharing.Storage;

/// <summary>A node of an <see cref="EntryTree"/>: a leaf of entries, or a branch of child nodes, in ascending order.</summary>
/// <param name="isLeaf">Whether the slots have no children.</param>
internal sealed class EntryTreeNode(bool isLeaf)
{
    private const int Capacity = 64;

    private readonly Slot[] _slots = new Slot[Capacity];
    private int _count;

    /// <summary>Creates a root above a node and its new right neighbor.</summary>
    internal EntryTreeNode(EntryTreeNode left, EntryTreeNode right)
        : this(isLeaf: false)
    {
        Insert(0, left._slots[0] with { Child = left });
        Insert(1, right._slots[0] with { Child = right });
    }

    /// <summary>The entries of a leaf, or what separates the children of a branch.</summary>
    internal ReadOnlySpan<Slot> Slots => _slots.AsSpan(0, _count);

    /// <summary>The leaf to the right of a leaf.</summary>
    internal EntryTreeNode? Next { get; private set; }

    internal EntryTreeNode FirstLeaf => isLeaf ? this : _slots[0].Child!.FirstLeaf;

    /// <summary>The only child of a branch. As a root, such a branch is redundant.</summary>
    internal EntryTreeNode? OnlyChild => !isLeaf && _count == 1 ? _slots[0].Child : null;

    /// <summary>Adds an entry.</summary>
    /// <returns>The new right neighbor if the node was full and was split, or <see langword="null"/>.</returns>
    internal EntryTreeNode? Add(InMemoryEntry entry)
    {
        var slot = new Slot(entry.Linktree.Timestamp, entry, null);
        var index = IndexAfter(entry.Linktree.Version);
        if (isLeaf)
            return Insert(index, slot);

        index = Math.Max(index, 1);
        return _slots[index - 1].Child!.Add(entry) is { } right ? Insert(index, right._slots[0] with { Child = right }) : null;
    }

    /// <summary>Removes an entry that is below.</summary>
    internal void Remove(InMemoryEntry entry)
    {
        var index = IndexOfChild(entry.Linktree.Version);
        if (isLeaf)
        {
            RemoveAt(index);
            return;
        }

        var child = _slots[index].Child!;
        child.Remove(entry);
        if (child._count < Capacity / 4)
        {
            MergeAt(index);
            MergeAt(index - 1);
        }
    }

    /// <summary>Finds the leaf that has the first entry after a version, or that is before the leaf that has it.</summary>
    internal EntryTreeNode LeafOf(LinktreeVersion version) => isLeaf ? this : _slots[IndexOfChild(version)].Child!.LeafOf(version);

    /// <summary>Gets the number of slots that are not after a version.</summary>
    internal int IndexAfter(LinktreeVersion version)
    {
        // Entries mostly arrive in the order of their times.
        if (_count == 0 || !_slots[_count - 1].IsAfter(version))
            return _count;

        var (low, high) = (0, _count - 1);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_slots[middle].IsAfter(version))
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    // The first child has all entries that are before the second one.
    private int IndexOfChild(LinktreeVersion version) => Math.Max(IndexAfter(version) - 1, 0);

    private EntryTreeNode? Insert(int index, Slot slot)
    {
        if (_count == Capacity)
            return InsertAndSplit(index, slot);

        _slots.AsSpan(index, _count - index).CopyTo(_slots.AsSpan(index + 1));
        _slots[index] = slot;
        _count++;
        return null;
    }

    private EntryTreeNode InsertAndSplit(int index, Slot slot)
    {
        // A slot after all others is usually followed by more, so an ascending order fills the nodes completely.
        var kept = index == Capacity ? Capacity : Capacity / 2;
        var right = new EntryTreeNode(isLeaf) { Next = Next, _count = Capacity - kept };
        Slots[kept..].CopyTo(right._slots);
        Next = right;
        Truncate(kept);
        if (index < kept)
            Insert(index, slot);
        else
            right.Insert(index - kept, slot);
        return right;
    }

    private void RemoveAt(int index)
    {
        _slots.AsSpan(index + 1, _count - index - 1).CopyTo(_slots.AsSpan(index));
        Truncate(_count - 1);
    }

    /// <summary>Moves the slots of a child to its left neighbor, if both exist and there is room for all.</summary>
    private void MergeAt(int index)
    {
        if (index < 0 || index + 1 >= _count)
            return;
        var (left, right) = (_slots[index].Child!, _slots[index + 1].Child!);
        if (left._count + right._count > Capacity)
            return;

        // The first slot of a branch is a bound only from now on.
        if (!right._slots[0].IsEntry)
            right._slots[0] = _slots[index + 1] with { Child = right._slots[0].Child };
        foreach (var slot in right.Slots)
            left.Insert(left._count, slot);
        left.Next = right.Next;
        RemoveAt(index + 1);
    }

    private void Truncate(int count)
    {
        // A reference that stayed behind would keep its object alive.
        _slots.AsSpan(count, _count - count).Clear();
        _count = count;
    }

    /// <summary>An entry, or a child whose entries are not before this one.</summary>
    /// <param name="Timestamp">The time of the entry, which most comparisons need alone.</param>
    /// <param name="Entry">The entry. In a branch it may have been removed.</param>
    /// <param name="Child">The child of a branch.</param>
    internal readonly record struct Slot(long Timestamp, InMemoryEntry Entry, EntryTreeNode? Child)
    {
        public bool IsEntry => Child is null;

        public bool IsAfter(in LinktreeVersion version) =>
            Timestamp != version.Timestamp ? Timestamp > version.Timestamp : Entry.Version.Id > version.Id;
    }
}
