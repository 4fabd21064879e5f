using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Hosting;

internal sealed partial class ReplicationService
{
    private static partial class Log
    {
        [LoggerMessage(1041, LogLevel.Information, "Replication stopped for task {TaskId}.", EventName = nameof(Stopped))]
        public static partial void Stopped(ILogger logger, string taskId);
    }
}
