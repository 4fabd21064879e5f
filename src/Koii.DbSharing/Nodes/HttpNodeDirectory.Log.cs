using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Nodes;

internal sealed partial class HttpNodeDirectory
{
    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1200,
            EventName = nameof(NodeListFailed),
            Level = LogLevel.Warning,
            Message = "{Problem} The request is repeated in the next rounds. Not logged again until it succeeds.")]
        public static partial void NodeListFailed(ILogger logger, string problem);

        [LoggerMessage(
            EventId = 1201, EventName = nameof(NodeListIsBack), Level = LogLevel.Information, Message = "Node list recovered: {Nodes} nodes.")]
        public static partial void NodeListIsBack(ILogger logger, int nodes);
    }
}
