using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.AspNetCore;

internal sealed partial class TaskEndpoints
{
    private static partial class Log
    {
        [LoggerMessage(1400, LogLevel.Error, "The store of task '{Name}' failed while a request was answered.", EventName = nameof(StoreFailed))]
        public static partial void StoreFailed(ILogger logger, string name, LinktreeStoreException exception);
    }
}
