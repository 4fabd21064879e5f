using Koii.DbSharing.Nodes;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication.Ladder;

internal sealed partial class SummaryRung
{
    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1030,
            EventName = nameof(PerAuthorDiffers),
            Level = LogLevel.Warning,
            Message = "Peer {Peer} keeps {Theirs} records of an author and this node keeps {Ours}: the two never agree, and its list is read hourly")]
        public static partial void PerAuthorDiffers(ILogger logger, NodeAddress peer, int theirs, int ours);
    }
}
