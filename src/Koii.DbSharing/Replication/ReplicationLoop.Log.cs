using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

internal sealed partial class ReplicationLoop
{
    private static partial class Log
    {
        [LoggerMessage(1003, LogLevel.Warning, "Round failed for task {TaskId}: the store failed. The next round starts on schedule.", EventName = nameof(StoreFailed))]
        public static partial void StoreFailed(ILogger logger, string taskId, Exception exception);

        [LoggerMessage(1004, LogLevel.Error, "Round failed for task {TaskId}. The next round starts on schedule.", EventName = nameof(RoundFailed))]
        public static partial void RoundFailed(ILogger logger, string taskId, Exception exception);

        [LoggerMessage(1005, LogLevel.Debug, "Round skipped for task {TaskId}: another round is running.", EventName = nameof(RoundSkipped))]
        public static partial void RoundSkipped(ILogger logger, string taskId);

        [LoggerMessage(1014, LogLevel.Debug, "The records of the store were not counted for task {TaskId}.", EventName = nameof(NotCounted))]
        public static partial void NotCounted(ILogger logger, string taskId, Exception exception);

        [LoggerMessage(
            1007,
            LogLevel.Information,
            "Replication started for task {TaskId}: {Store}, records: {Records}; node list service: {ServiceUrl}; named nodes: {Nodes}. First round in {Pause}, then one every {Interval}.",
            EventName = nameof(Started))]
        public static partial void Started(
            ILogger logger, string taskId, string store, string records, string? serviceUrl, int nodes, TimeSpan pause, TimeSpan interval);
    }
}
