using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication.Ladder;

internal sealed partial class ReconcileRung
{
    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1031,
            EventName = nameof(Fell),
            Level = LogLevel.Debug,
            Message = "Peer {Peer} could not be reconciled with, and its list is read instead: {Kind}, status {StatusCode}. {Detail}")]
        public static partial void Fell(ILogger logger, NodeAddress peer, PeerFailureKind kind, int? statusCode, string? detail);
    }
}
