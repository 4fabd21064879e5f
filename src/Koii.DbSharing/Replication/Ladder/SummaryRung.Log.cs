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

        [LoggerMessage(
            EventId = 1032,
            EventName = nameof(NoSummary),
            Level = LogLevel.Debug,
            Message = "Peer {Peer} gave no summary, and its list is read instead: {Kind}, status {StatusCode}. {Detail}")]
        public static partial void NoSummary(ILogger logger, NodeAddress peer, PeerFailureKind kind, int? statusCode, string? detail);
    }
}
