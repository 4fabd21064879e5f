using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Hosting;

internal sealed partial class ReplicationService
{
    private static partial class Log
    {
        [LoggerMessage(1040, LogLevel.Information, "Replication started for task {TaskId}: one round every {Interval}.", EventName = nameof(Started))]
        public static partial void Started(ILogger logger, string taskId, TimeSpan interval);

        [LoggerMessage(1041, LogLevel.Information, "Replication stopped for task {TaskId}.", EventName = nameof(Stopped))]
        public static partial void Stopped(ILogger logger, string taskId);
    }
}
