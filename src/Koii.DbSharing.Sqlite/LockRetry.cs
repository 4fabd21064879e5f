namespace Koii.DbSharing.Sqlite;

/// <summary>Waits for what another program holds. SQLite's own wait would keep a thread and look at no token.</summary>
internal static class LockRetry
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(100);

    /// <summary>Makes an attempt, and again after pauses that grow; returns <see langword="false"/> when it has not succeeded within the bound.</summary>
    internal static async ValueTask<bool> UntilAsync(Func<bool> attempt, TimeSpan bound, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        if (attempt())
            return true;

        var start = timeProvider.GetTimestamp();
        for (var pause = First; timeProvider.GetElapsedTime(start) < bound; pause = pause * 2 < Longest ? pause * 2 : Longest)
        {
            await Task.Delay(pause, timeProvider, cancellationToken).ConfigureAwait(false);
            if (attempt())
                return true;
        }

        return false;
    }
}
