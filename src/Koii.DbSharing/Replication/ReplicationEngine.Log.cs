using Microsoft.Extensions.Logging;

namespace Koii.DbSharing;

public sealed partial class ReplicationEngine
{
    private static partial class Log
    {
        [LoggerMessage(1003, LogLevel.Warning, "Round failed for task {TaskId}: the store failed. The next round starts on schedule.", EventName = nameof(StoreFailed))]
        public static partial void StoreFailed(ILogger logger, string taskId, Exception exception);

        [LoggerMessage(1004, LogLevel.Error, "Round failed for task {TaskId}. The next round starts on schedule.", EventName = nameof(RoundFailed))]
        public static partial void RoundFailed(ILogger logger, string taskId, Exception exception);

        [LoggerMessage(1005, LogLevel.Debug, "Round skipped for task {TaskId}: another round is running.", EventName = nameof(RoundSkipped))]
        public static partial void RoundSkipped(ILogger logger, string taskId);

        [LoggerMessage(
            1007,
            LogLevel.Debug,
            "Replication started for task {TaskId}: batch verification {Batches}, reconciliation {Reconciler}, change feed {ChangeFeed}.",
            EventName = nameof(Started))]
        public static partial void Started(ILogger logger, string taskId, bool batches, bool reconciler, bool changeFeed);
    }
}
