using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Nodes;

internal sealed partial class HttpNodeDirectory
{
    private static partial class Log
    {
        [LoggerMessage(1200, LogLevel.Warning, "{Problem} It is tried again every round and not logged again until it works", EventName = "NodeListFailed")]
        public static partial void NodeListFailed(ILogger logger, string problem);

        [LoggerMessage(1201, LogLevel.Information, "The node list is there again: {Nodes} nodes", EventName = "NodeListIsBack")]
        public static partial void NodeListIsBack(ILogger logger, int nodes);
    }
}
