using Microsoft.Extensions.Logging;

namespace Koii.DbSharing;

public sealed partial class ReplicationEngine
{
    private static partial class Log
    {
        [LoggerMessage(1003, LogLevel.Warning, "The store failed and ended the round for task {TaskId}; the next one comes at its time", EventName = nameof(StoreFailed))]
        public static partial void StoreFailed(ILogger logger, string taskId, Exception exception);

        [LoggerMessage(1004, LogLevel.Error, "The round for task {TaskId} failed; the next one comes at its time", EventName = nameof(RoundFailed))]
        public static partial void RoundFailed(ILogger logger, string taskId, Exception exception);

        [LoggerMessage(1005, LogLevel.Debug, "The round for task {TaskId} was left out, since another one is under way", EventName = nameof(RoundLeftOut))]
        public static partial void RoundLeftOut(ILogger logger, string taskId);
    }
}
