using Koii.DbSharing.Nodes;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication.Ladder;

internal sealed partial class SummaryRung
{
    private static partial class Log
    {
        [LoggerMessage(1030, LogLevel.Warning, "Peer {Peer} keeps {Theirs} records of an author and this node keeps {Ours}: the two never agree, and its list is read hourly", EventName = nameof(PerAuthorDiffers))]
        public static partial void PerAuthorDiffers(ILogger logger, NodeAddress peer, int theirs, int ours);
    }
}
