namespace Koii.DbSharing.Reconciliation.Items;

/// <summary>A short ordered row of entries with a fixed number of places: what a node of the tree is made of. A copy of the value shares the places.</summary>
/// <typeparam name="T">The entry.</typeparam>
internal struct Row<T>
{
    private readonly T[] _places;

    public Row(int capacity) => _places = new T[capacity];

    private Row(int capacity, ReadOnlySpan<T> entries)
        : this(capacity)
    {
        entries.CopyTo(_places);
        Count = entries.Length;
    }

    public int Count { get; private set; }

    public readonly bool IsFull => Count == _places.Length;

    /// <summary>Whether fewer than half of the places are taken.</summary>
    public readonly bool IsSparse => Count < _places.Length / 2;

    public readonly Span<T> Entries => _places.AsSpan(0, Count);

    public readonly Row<T> Copy() => new(_places.Length, Entries);

    public void Insert(int place, T entry)
    {
        _places.AsSpan(place, Count - place).CopyTo(_places.AsSpan(place + 1));
        _places[place] = entry;
        Count++;
    }

    public void RemoveAt(int place)
    {
        _places.AsSpan(place + 1, Count - place - 1).CopyTo(_places.AsSpan(place));
        // An entry that holds a reference must not keep what it refers to alive.
        _places[--Count] = default!;
    }

    /// <summary>Keeps the entries before a place and gives those from there on to a new row.</summary>
    public Row<T> Split(int place)
    {
        var right = new Row<T>(_places.Length, Entries[place..]);
        Entries[place..].Clear();
        Count = place;
        return right;
    }

    /// <summary>Appends the entries of the row to the right where there is room for all of them, else shares evenly with it.</summary>
    /// <returns>What is now the row to the right, a new one; empty where all found room.</returns>
    public Row<T> Join(Row<T> right)
    {
        T[] all = [.. Entries, .. right.Entries];
        var kept = all.Length <= _places.Length ? all.Length : all.Length / 2;
        all.AsSpan(0, kept).CopyTo(_places);
        if (kept < Count)
            Entries[kept..].Clear();
        Count = kept;
        return new Row<T>(_places.Length, all.AsSpan(kept));
    }
}
