namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>A list with a fixed capacity: the entries of a tree node. A copy of the value shares its array.</summary>
/// <typeparam name="T">The type of the entries.</typeparam>
internal struct BoundedList<T>
{
    private readonly T[] _array;

    public BoundedList(int capacity) => _array = new T[capacity];

    public BoundedList(int capacity, ReadOnlySpan<T> entries)
        : this(capacity)
    {
        entries.CopyTo(_array);
        Count = entries.Length;
    }

    public int Count { get; private set; }

    public readonly bool IsFull => Count == _array.Length;

    /// <summary>Whether less than half of the capacity is used.</summary>
    public readonly bool IsSparse => Count < _array.Length / 2;

    public readonly Span<T> Entries => _array.AsSpan(0, Count);

    public readonly BoundedList<T> Copy() => new(_array.Length, Entries);

    public void Insert(int index, T entry)
    {
        _array.AsSpan(index, Count - index).CopyTo(_array.AsSpan(index + 1));
        _array[index] = entry;
        Count++;
    }

    public void RemoveAt(int index)
    {
        _array.AsSpan(index + 1, Count - index - 1).CopyTo(_array.AsSpan(index));
        // A reference that stayed behind would keep its object alive.
        _array[--Count] = default!;
    }

    /// <summary>Moves the entries from an index on to a new list.</summary>
    public BoundedList<T> Split(int index)
    {
        var right = new BoundedList<T>(_array.Length, Entries[index..]);
        Entries[index..].Clear();
        Count = index;
        return right;
    }

    /// <summary>
    /// Appends the entries of the list to the right if there is room for all of them; otherwise divides all entries
    /// evenly between both.
    /// </summary>
    /// <returns>The new list to the right, which is empty if all entries were appended.</returns>
    public BoundedList<T> Merge(BoundedList<T> right)
    {
        T[] all = [.. Entries, .. right.Entries];
        var kept = all.Length <= _array.Length ? all.Length : all.Length / 2;
        all.AsSpan(0, kept).CopyTo(_array);
        if (kept < Count)
            Entries[kept..].Clear();
        Count = kept;
        return new BoundedList<T>(_array.Length, all.AsSpan(kept));
    }
}
