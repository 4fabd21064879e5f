using System.Runtime.InteropServices;

namespace Koii.DbSharing.Replication;

/// <summary>The identities and authors of the batches that are verified and not stored yet. Safe for use by many threads.</summary>
internal sealed class PendingRecords
{
    private readonly Lock _lock = new();

    // With the number of records of each, because an identity may be in several batches.
    private readonly Dictionary<LinktreeKey, int> _identities = [];
    private readonly Dictionary<PublicKey, int> _authors = [];

    /// <summary>Adds the undecided records of a verified batch.</summary>
    public void Add(RecordBatch batch)
    {
        lock (_lock)
        {
            foreach (var index in batch.Undecided)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_identities, batch[index].Key, out _)++;
                CollectionsMarshal.GetValueRefOrAddDefault(_authors, batch[index].Author, out _)++;
            }
        }
    }

    /// <summary>Removes the records of a batch that was added and is stored now.</summary>
    public void Remove(RecordBatch batch)
    {
        lock (_lock)
        {
            foreach (var index in batch.Undecided)
            {
                RemoveOne(_identities, batch[index].Key);
                RemoveOne(_authors, batch[index].Author);
            }
        }
    }

    /// <summary>Moves the candidates whose identity is pending to <see cref="RecordBatch.Deferred"/>. To be called before the batch is compared with the store.</summary>
    /// <returns>
    /// For each record of the batch, whether its author is pending: a version that the store holds of it may then be evicted. <see langword="null"/> if no author is.
    /// </returns>
    public bool[]? Defer(RecordBatch batch, List<int> candidates)
    {
        bool[]? mayBeEvicted = null;
        lock (_lock)
        {
            if (_authors.Count == 0)
                return null;

            candidates.RemoveAll(index =>
            {
                if (!_authors.ContainsKey(batch[index].Author))
                    return false;
                (mayBeEvicted ??= new bool[batch.Count])[index] = true;
                if (!_identities.ContainsKey(batch[index].Key))
                    return false;
                batch.Deferred.Add(index);
                return true;
            });
        }

        return mayBeEvicted;
    }

    private static void RemoveOne<TKey>(Dictionary<TKey, int> counts, TKey key)
        where TKey : notnull
    {
        if (--CollectionsMarshal.GetValueRefOrNullRef(counts, key) == 0)
            counts.Remove(key);
    }
}
