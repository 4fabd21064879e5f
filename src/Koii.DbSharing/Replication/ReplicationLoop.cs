using System.Globalization;
using Koii.DbSharing.Reconciliation;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

/// <summary>Runs rounds at the interval until it is canceled, and logs those that fail.</summary>
/// <param name="options">The task and the interval.</param>
/// <param name="store">The name of the store, for the log.</param>
/// <param name="index">Counts the records of the store, or <see langword="null"/>.</param>
/// <param name="random">Varies the time between rounds.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class ReplicationLoop(
    DbSharingOptions options, string store, LinktreeIndex? index, Random random, TimeProvider timeProvider, ILogger logger)
{
    private readonly string _taskId = options.TaskId;
    private readonly TimeSpan _interval = options.Interval;

    /// <summary>Runs rounds. Completes normally when the token is canceled.</summary>
    /// <param name="share">Runs one round, which waits for its pulls for the given time.</param>
    /// <param name="cancellationToken">Ends the loop and the round that is running.</param>
    public async Task RunAsync(Func<TimeSpan?, CancellationToken, Task<ReplicationReport>> share, CancellationToken cancellationToken)
    {
        var pause = _interval * random.NextDouble();
        try
        {
            await LogStartAsync(pause, cancellationToken).ConfigureAwait(false);
            while (true)
            {
                await Task.Delay(pause, timeProvider, cancellationToken).ConfigureAwait(false);
                var started = timeProvider.GetTimestamp();
                var variation = random.NextDouble();
                var untilNext = _interval * (0.9 + 0.2 * variation);
                await ShareAsync(share, untilNext, cancellationToken).ConfigureAwait(false);

                pause = untilNext - timeProvider.GetElapsedTime(started);
                if (pause <= TimeSpan.Zero)
                    pause = _interval * (0.1 * variation);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The only way out of the loop, and not a failure.
        }
    }

    private async Task ShareAsync(Func<TimeSpan?, CancellationToken, Task<ReplicationReport>> share, TimeSpan lateAfter, CancellationToken cancellationToken)
    {
        try
        {
            var report = await share(lateAfter, cancellationToken).ConfigureAwait(false);
            if (report.Outcome == RoundOutcome.AlreadyRunning)
                Log.RoundSkipped(logger, _taskId);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (LinktreeStoreException exception)
        {
            Log.StoreFailed(logger, _taskId, exception);
        }
        catch (Exception exception)
        {
            Log.RoundFailed(logger, _taskId, exception);
        }
    }

    private async Task LogStartAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        if (!logger.IsEnabled(LogLevel.Information))
            return;
        var records = "unknown"; // Without a change feed, counting means to list the store.
        try
        {
            if (index is not null)
                records = (await index.GetSummaryAsync(cancellationToken).ConfigureAwait(false)).Count.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception exception)
        {
            // The first round finds and logs the cause, and the loop continues.
            cancellationToken.ThrowIfCancellationRequested();
            Log.NotCounted(logger, _taskId, exception);
        }

        Log.Started(logger, _taskId, store, records, options.ServiceUrl ?? "none", options.Nodes.Count, pause, _interval);
    }
}
