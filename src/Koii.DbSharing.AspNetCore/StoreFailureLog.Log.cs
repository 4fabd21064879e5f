using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.AspNetCore;

internal sealed partial class StoreFailureLog
{
    private static partial class Log
    {
        [LoggerMessage(
            1400,
            LogLevel.Error,
            "The store failed during a request for task {TaskId}. Further failures are counted.",
            EventName = nameof(StoreFailed))]
        public static partial void StoreFailed(ILogger logger, string taskId, LinktreeStoreException exception);

        [LoggerMessage(
            1401,
            LogLevel.Warning,
            "The store still fails for task {TaskId}: {Failures} requests in {Seconds} seconds. Last: {Reason}",
            EventName = nameof(StoreStillFails))]
        public static partial void StoreStillFails(ILogger logger, string taskId, long failures, long seconds, string reason);

        [LoggerMessage(
            1402,
            LogLevel.Warning,
            "The store answers again for task {TaskId}: {Failures} requests failed in {Seconds} seconds.",
            EventName = nameof(StoreRecovered))]
        public static partial void StoreRecovered(ILogger logger, string taskId, long failures, long seconds);
    }
}
