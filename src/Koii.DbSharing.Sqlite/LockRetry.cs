namespace Koii.DbSharing.Sqlite;

/// <summary>
/// Retries while another program has the lock. SQLite's own wait would block a thread and could not be canceled.
/// </summary>
internal static class LockRetry
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan MaxDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Repeats an attempt after growing delays; returns <see langword="false"/> if it has not succeeded within the
    /// time-out.
    /// </summary>
    internal static async ValueTask<bool> RunAsync(
        Func<bool> attempt, TimeSpan timeout, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        if (attempt())
            return true;

        var start = timeProvider.GetTimestamp();
        for (var delay = FirstDelay; timeProvider.GetElapsedTime(start) < timeout; delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay)
        {
            await Task.Delay(delay, timeProvider, cancellationToken).ConfigureAwait(false);
            if (attempt())
                return true;
        }

        return false;
    }
}
