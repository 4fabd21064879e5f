using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

internal sealed partial class LeaseCoordinator
{
    private static partial class Log
    {
        [LoggerMessage(1010, LogLevel.Information, "Lease acquired: this process runs the rounds for task {TaskId}.", EventName = nameof(Acquired))]
        public static partial void Acquired(ILogger logger, string taskId);

        [LoggerMessage(1011, LogLevel.Debug, "Round skipped: another process holds the lease for task {TaskId}.", EventName = nameof(HeldElsewhere))]
        public static partial void HeldElsewhere(ILogger logger, string taskId);

        [LoggerMessage(1012, LogLevel.Warning, "Lease lost during a round for task {TaskId}. The round ended.", EventName = nameof(Lost))]
        public static partial void Lost(ILogger logger, string taskId);

        [LoggerMessage(1013, LogLevel.Warning, "Lease not released for task {TaskId}. It ends with its connection.", EventName = nameof(NotReleased))]
        public static partial void NotReleased(ILogger logger, string taskId, Exception exception);
    }
}
