using System.Collections;

namespace Koii.DbSharing.StoreContract;

/// <summary>A list that cancels when an element at or after a certain place is read for the second time: the first is for the caller's checks.</summary>
internal sealed class CancellingPage<T>(IReadOnlyList<T> items, int place, CancellationTokenSource source) : IReadOnlyList<T>
{
    private int _reads;

    public int Count => items.Count;

    public T this[int index]
    {
        get
        {
            if (index >= place && ++_reads > 1)
                source.Cancel();
            return items[index];
        }
    }

    public IEnumerator<T> GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
