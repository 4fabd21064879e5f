using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.AspNetCore;

internal sealed partial class FallbackAuthorization
{
    private static partial class Log
    {
        [LoggerMessage(
            1403,
            LogLevel.Warning,
            "The authorization fallback policy of the application applies to the endpoints of task {TaskId}, so peers get 401 or 403. "
                + "Call MapDbSharing().AllowAnonymous() to serve them.",
            EventName = nameof(PeersRefused))]
        public static partial void PeersRefused(ILogger logger, string taskId);
    }
}
