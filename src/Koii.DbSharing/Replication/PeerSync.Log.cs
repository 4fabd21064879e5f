using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

internal sealed partial class PeerSync
{
    private static partial class Log
    {
        [LoggerMessage(1020, LogLevel.Debug, "Peer {Peer} failed: {Failure}", EventName = nameof(PeerFailed))]
        public static partial void PeerFailed(ILogger logger, NodeAddress peer, PeerFailure failure);

        [LoggerMessage(
            EventId = 1030,
            EventName = nameof(PerAuthorDiffers),
            Level = LogLevel.Warning,
            Message = "Peer {Peer} keeps {Theirs} records per author, this node keeps {Ours}. The two nodes never converge; the peer's list is read once an hour.")]
        public static partial void PerAuthorDiffers(ILogger logger, NodeAddress peer, int theirs, int ours);

        [LoggerMessage(
            EventId = 1031,
            EventName = nameof(ReconciliationFailed),
            Level = LogLevel.Debug,
            Message = "Reconciliation with {Peer} failed: {Failure} The full list is read instead.")]
        public static partial void ReconciliationFailed(ILogger logger, NodeAddress peer, PeerFailure failure);

        [LoggerMessage(
            EventId = 1032,
            EventName = nameof(SummaryFailed),
            Level = LogLevel.Debug,
            Message = "Peer {Peer} returned no summary: {Failure} The full list is read instead.")]
        public static partial void SummaryFailed(ILogger logger, NodeAddress peer, PeerFailure failure);

        [LoggerMessage(
            EventId = 1033,
            EventName = nameof(ListTakesTooLong),
            Level = LogLevel.Information,
            Message = "The list of {Peer} was not read to its end within {Timeout}. The records that arrived are stored. If this repeats, raise PeerLimits.PeerTimeout.")]
        public static partial void ListTakesTooLong(ILogger logger, NodeAddress peer, TimeSpan timeout);
    }
}
