using System.Buffers;

namespace Koii.DbSharing.Records;

/// <summary>A stack that starts in a buffer of the caller and moves to a rented array when that is full.</summary>
internal ref struct PooledStack<T>(Span<T> initial)
    where T : unmanaged
{
    private Span<T> _items = initial;
    private T[]? _rented;

    internal int Count { get; private set; }

    internal readonly ref T Top => ref _items[Count - 1];

    /// <summary>The items from <paramref name="start"/> to the top. The span is valid until the next push.</summary>
    internal readonly Span<T> AsSpan(int start) => _items[start..Count];

    internal void Push(T item)
    {
        if (Count == _items.Length)
            Grow();
        _items[Count++] = item;
    }

    internal void Truncate(int count) => Count = count;

    internal readonly void ReturnArray()
    {
        if (_rented is not null)
            ArrayPool<T>.Shared.Return(_rented);
    }

    private void Grow()
    {
        var larger = ArrayPool<T>.Shared.Rent(_items.Length * 2);
        _items.CopyTo(larger);
        ReturnArray();
        _items = _rented = larger;
    }
}
