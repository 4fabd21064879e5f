namespace Koii.DbSharing.Replication;

/// <summary>
/// Distributes the records that several peers offer among the pulls, so that each record is fetched once. A record is reserved for one pull while its fetch is under way; the other
/// pulls fetch other records, and then wait.
/// </summary>
/// <remarks>
/// A reservation is ignored after <see cref="Lifetime"/>, and a pull reserves an id once, so a peer that does not deliver delays a record by that time only. Safe for use by many threads.
/// </remarks>
internal sealed class FetchReservations(TimeProvider timeProvider)
{
    /// <summary>How long a reservation keeps other pulls from fetching a record.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<LinktreeId, Reservation> _reserved = [];
    private readonly HashSet<LinktreeId> _delivered = [];
    private TaskCompletionSource _changed = new();
    private int _users;

    /// <summary>Registers a pull that fetches records. What was delivered is kept as long as any is registered.</summary>
    public void Enter()
    {
        lock (_lock)
            _users++;
    }

    /// <summary>Removes a pull.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (--_users == 0)
                _delivered.Clear();
        }
    }

    /// <summary>Reserves ids for a pull and removes them from those that are open, together with those that other pulls have fetched.</summary>
    /// <param name="open">The ids that the pull has not fetched.</param>
    /// <param name="limit">The maximum number of ids.</param>
    /// <returns>The reservation. It is empty if other pulls are fetching all open ids.</returns>
    public Reservation Reserve(HashSet<LinktreeId> open, int limit)
    {
        var reservation = new Reservation(timeProvider.GetTimestamp());
        lock (_lock)
        {
            open.ExceptWith(_delivered);
            foreach (var id in open)
            {
                if (reservation.Ids.Count == limit)
                    break;
                if (_reserved.TryGetValue(id, out var other) && timeProvider.GetElapsedTime(other.StartedAt) < Lifetime)
                    continue;
                _reserved[id] = reservation;
                reservation.Ids.Add(id);
            }
        }

        open.ExceptWith(reservation.Ids);
        return reservation;
    }

    /// <summary>Ends a reservation.</summary>
    /// <param name="reservation">The reservation.</param>
    /// <param name="undelivered">The ids that other pulls may have to fetch.</param>
    public void Release(Reservation reservation, IReadOnlySet<LinktreeId> undelivered)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            foreach (var id in reservation.Ids)
            {
                if (_reserved.TryGetValue(id, out var current) && current == reservation)
                    _reserved.Remove(id);
                if (!undelivered.Contains(id))
                    _delivered.Add(id);
            }

            (changed, _changed) = (_changed, new TaskCompletionSource());
        }

        // Outside the lock: waiting pulls continue inside this call, up to their next request.
        changed.SetResult();
    }

    /// <summary>Waits until a reservation ends or expires.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        Task changed;
        lock (_lock)
            changed = _changed.Task;
        try
        {
            await changed.WaitAsync(Lifetime, timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Reservations have expired.
        }
    }

    /// <summary>The ids that are reserved for one request.</summary>
    /// <param name="startedAt">The time, as a timestamp of the clock.</param>
    internal sealed class Reservation(long startedAt)
    {
        /// <summary>The time of the reservation.</summary>
        public long StartedAt => startedAt;

        /// <summary>The ids.</summary>
        public HashSet<LinktreeId> Ids { get; } = [];
    }
}
