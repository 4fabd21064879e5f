using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.AspNetCore;

/// <summary>
/// Logs when a store begins to fail, how many requests have failed once a minute, and when it answers again.
/// </summary>
/// <remarks>
/// Reads and writes are separate, because a store can fail at writes alone. A store answers again when a request has
/// succeeded at least <see cref="MinSuccess"/> after the last failure, so that a store that fails at every other request
/// does not fill the log. Safe for concurrent use.
/// </remarks>
/// <param name="taskId">The task.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">The logger.</param>
internal sealed partial class StoreFailureLog(string taskId, TimeProvider clock, ILogger logger)
{
    internal static readonly TimeSpan MinSuccess = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CountInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Outage _reads = new();
    private readonly Outage _writes = new();

    /// <summary>Reports that a request failed because the store did.</summary>
    internal void Report(bool isWrite, LinktreeStoreException exception)
    {
        var outage = isWrite ? _writes : _reads;
        var now = clock.GetTimestamp();
        lock (_lock)
        {
            outage.Failures++;
            outage.LastFailure = now;
            if (outage.Failures == 1)
            {
                outage.FirstFailure = outage.LastCount = now;
                Log.StoreFailed(logger, taskId, exception);
            }
            else if (clock.GetElapsedTime(outage.LastCount, now) >= CountInterval)
            {
                outage.LastCount = now;
                Log.StoreStillFails(logger, taskId, outage.Failures, Seconds(outage), exception.Message);
            }
        }
    }

    /// <summary>Reports that the store did not fail during a request.</summary>
    internal void ReportSuccess(bool isWrite)
    {
        var outage = isWrite ? _writes : _reads;
        if (Volatile.Read(ref outage.Failures) == 0)
            return;
        lock (_lock)
        {
            if (outage.Failures == 0 || clock.GetElapsedTime(outage.LastFailure) < MinSuccess)
                return;
            Log.StoreRecovered(logger, taskId, outage.Failures, Seconds(outage));
            outage.Failures = 0;
        }
    }

    private long Seconds(Outage outage) => (long)clock.GetElapsedTime(outage.FirstFailure, outage.LastFailure).TotalSeconds;

    private sealed class Outage
    {
        public long Failures;
        public long FirstFailure;
        public long LastFailure;
        public long LastCount;
    }
}
