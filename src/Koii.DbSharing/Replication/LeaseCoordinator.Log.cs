using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

internal sealed partial class LeaseCoordinator
{
    private static partial class Log
    {
        [LoggerMessage(1010, LogLevel.Information, "This process runs the rounds for task {TaskId} from now on", EventName = nameof(Acquired))]
        public static partial void Acquired(ILogger logger, string taskId);

        [LoggerMessage(1011, LogLevel.Debug, "Another process has the lease, and runs the rounds for task {TaskId}", EventName = nameof(HeldElsewhere))]
        public static partial void HeldElsewhere(ILogger logger, string taskId);

        [LoggerMessage(1012, LogLevel.Warning, "The lease was lost in the middle of a round for task {TaskId}, which ended it", EventName = nameof(Lost))]
        public static partial void Lost(ILogger logger, string taskId);

        [LoggerMessage(1013, LogLevel.Warning, "The lease for task {TaskId} could not be given up; it ends with its connection", EventName = nameof(NotGivenUp))]
        public static partial void NotGivenUp(ILogger logger, string taskId, Exception exception);
    }
}
