namespace Koii.DbSharing.Replication;

/// <summary>
/// Delays the first list of a pull while another pull reads one that started less than ten seconds ago, so that a new node does not read the same list from every peer.
/// </summary>
/// <remarks>A list that takes longer than <see cref="MaxWait"/> keeps no other pull waiting. Safe for use by many threads.</remarks>
internal sealed class FirstListPermit(TimeProvider timeProvider)
{
    /// <summary>The time after which the next list may start although the one before it has not ended, and the longest time that a pull waits.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new();
    private int _reading;
    private long _startedAt;

    /// <summary>Waits for the permit to read a list.</summary>
    /// <returns>Whether the list may be read. Otherwise others are reading, and the next round continues.</returns>
    public async ValueTask<bool> TryAcquireAsync(CancellationToken cancellationToken)
    {
        for (var arrivedAt = timeProvider.GetTimestamp(); ;)
        {
            TimeSpan wait;
            Task changed;
            lock (_lock)
            {
                var untilNext = MaxWait - timeProvider.GetElapsedTime(_startedAt);
                if (_reading == 0 || untilNext <= TimeSpan.Zero)
                {
                    (_reading, _startedAt) = (_reading + 1, timeProvider.GetTimestamp());
                    return true;
                }

                var untilEnd = MaxWait - timeProvider.GetElapsedTime(arrivedAt);
                if (untilEnd <= TimeSpan.Zero)
                    return false;
                (wait, changed) = (untilNext < untilEnd ? untilNext : untilEnd, _changed.Task);
            }

            try
            {
                await changed.WaitAsync(wait, timeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // The loop looks again.
            }
        }
    }

    /// <summary>Releases the permit.</summary>
    public void Release()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _reading--;
            (changed, _changed) = (_changed, new TaskCompletionSource());
        }

        changed.SetResult();
    }
}
