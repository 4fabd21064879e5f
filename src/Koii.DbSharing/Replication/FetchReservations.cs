namespace Koii.DbSharing.Replication;

/// <summary>
/// Distributes the records that several peers offer among the pulls, so that each record is fetched once. A record is reserved for one pull while its fetch is under way; the other
/// pulls fetch other records, and then wait.
/// </summary>
/// <remarks>
/// A reservation excludes other pulls for at most <see cref="Lifetime"/>. A record that was not delivered by then, or by the end of the request, is contested: any pull can fetch it, and none
/// excludes the others from it again. Peers that do not deliver therefore delay a record by that time in total. Safe for use by many threads.
/// </remarks>
internal sealed class FetchReservations(TimeProvider timeProvider)
{
    /// <summary>How long a reservation keeps other pulls from fetching a record.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    // Longer than a conversation that began before the record was delivered or contested, and short enough for a record that may be stored later.
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);

    private const int EntriesBeforeRemoval = 16_384;

    private readonly Lock _lock = new();
    private readonly Dictionary<LinktreeId, Entry> _entries = [];
    private TaskCompletionSource _changed = new();

    private enum State
    {
        Reserved,
        Contested,
        Delivered,
    }

    /// <summary>Reserves ids for a pull and removes them from those that are open, together with those that other pulls have fetched.</summary>
    /// <param name="open">The ids that the pull has not fetched.</param>
    /// <param name="limit">The maximum number of ids.</param>
    /// <returns>The reservation. It is empty if other pulls are fetching all open ids; it then completes when they may be open again.</returns>
    public Reservation Reserve(HashSet<LinktreeId> open, int limit)
    {
        var ids = new HashSet<LinktreeId>();
        lock (_lock)
        {
            var now = timeProvider.GetTimestamp();
            var wait = Lifetime;
            open.RemoveWhere(id => StateOf(id) is State.Delivered);
            foreach (var id in open)
            {
                if (ids.Count == limit)
                    break;
                if (StateOf(id) is State.Reserved)
                {
                    wait = Min(wait, Lifetime - timeProvider.GetElapsedTime(_entries[id].At));
                    continue;
                }

                ids.Add(id);
            }

            var reservation = new Reservation(ids, _changed.Task, wait);
            foreach (var id in ids)
            {
                if (StateOf(id) is null)
                    _entries[id] = new Entry(State.Reserved, now, reservation);
            }

            open.ExceptWith(ids);
            return reservation;
        }
    }

    /// <summary>Ends a reservation.</summary>
    /// <param name="reservation">The reservation.</param>
    /// <param name="undelivered">The ids that other pulls may have to fetch.</param>
    public void Release(Reservation reservation, IReadOnlySet<LinktreeId> undelivered)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            var now = timeProvider.GetTimestamp();
            foreach (var id in reservation.Ids)
            {
                if (!undelivered.Contains(id))
                    _entries[id] = new Entry(State.Delivered, now, null);
                else if (_entries.TryGetValue(id, out var entry) && entry.Owner == reservation)
                    _entries[id] = new Entry(State.Contested, now, null);
            }

            if (_entries.Count > EntriesBeforeRemoval)
            {
                foreach (var id in _entries.Keys.Where(id => StateOf(id) is null).ToArray())
                    _entries.Remove(id);
            }

            (changed, _changed) = (_changed, new TaskCompletionSource());
        }

        // Outside the lock: waiting pulls continue inside this call, up to their next request.
        changed.SetResult();
    }

    /// <summary>Waits until a reservation ends or expires.</summary>
    /// <param name="empty">The empty reservation that the pull got.</param>
    /// <param name="cancellationToken">Ends the wait with <see cref="OperationCanceledException"/>.</param>
    public async ValueTask WaitAsync(Reservation empty, CancellationToken cancellationToken)
    {
        try
        {
            await empty.Changed.WaitAsync(empty.Wait, timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A reservation has expired.
        }
    }

    /// <summary>Removes all entries. For a store that may have lost records that were delivered.</summary>
    public void Clear()
    {
        lock (_lock)
            _entries.Clear();
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <returns>The state of an id, or <see langword="null"/> if nothing is known of it, or no longer.</returns>
    private State? StateOf(LinktreeId id)
    {
        if (!_entries.TryGetValue(id, out var entry))
            return null;
        var age = timeProvider.GetElapsedTime(entry.At);
        if (age >= KeptFor)
            return null;
        return entry.State is State.Reserved && age >= Lifetime ? State.Contested : entry.State;
    }

    private readonly record struct Entry(State State, long At, Reservation? Owner);

    /// <summary>The ids that are reserved for one request.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="changed">Completes when another reservation ends.</param>
    /// <param name="wait">The time until the first of the reservations that exclude this pull expires.</param>
    internal sealed class Reservation(HashSet<LinktreeId> ids, Task changed, TimeSpan wait)
    {
        /// <summary>The ids.</summary>
        public HashSet<LinktreeId> Ids => ids;

        internal Task Changed => changed;

        internal TimeSpan Wait => wait;
    }
}
