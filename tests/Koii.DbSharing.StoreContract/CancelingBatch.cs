using System.Collections;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// A list that cancels when an element at or after an index is read for the second time: the first read is that of the
/// argument checks.
/// </summary>
internal sealed class CancelingBatch<T>(IReadOnlyList<T> items, int index, CancellationTokenSource source) : IReadOnlyList<T>
{
    private int _reads;

    public int Count => items.Count;

    public T this[int position]
    {
        get
        {
            if (position >= index && ++_reads > 1)
                source.Cancel();
            return items[position];
        }
    }

    public IEnumerator<T> GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
