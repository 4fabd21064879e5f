using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.AspNetCore;

internal sealed partial class TaskEndpoints
{
    private static partial class Log
    {
        [LoggerMessage(1400, LogLevel.Error, "The store failed during a request for task {TaskId}.", EventName = nameof(StoreFailed))]
        public static partial void StoreFailed(ILogger logger, string taskId, LinktreeStoreException exception);
    }
}
