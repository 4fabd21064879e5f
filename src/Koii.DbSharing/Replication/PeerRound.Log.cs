using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

internal sealed partial class PeerRound
{
    internal static partial class Log
    {
        [LoggerMessage(1020, LogLevel.Debug, "Peer {Peer} was not read to the end: {Kind}, status {StatusCode}. {Detail}", EventName = nameof(PeerFailed))]
        public static partial void PeerFailed(ILogger logger, NodeAddress peer, PeerFailureKind kind, int? statusCode, string? detail);

        [LoggerMessage(1021, LogLevel.Debug, "The peer client threw while it read {Peer}", EventName = nameof(ClientThrew))]
        public static partial void ClientThrew(ILogger logger, NodeAddress peer, Exception exception);

        [LoggerMessage(1022, LogLevel.Error, "The {Role} threw against its contract; the pull from {Peer} has ended", EventName = nameof(RoleThrew))]
        public static partial void RoleThrew(ILogger logger, string role, NodeAddress peer, Exception exception);

        [LoggerMessage(1023, LogLevel.Debug, "The peer client threw while its reading of {Peer} was ended", EventName = nameof(ClosingFailed))]
        public static partial void ClosingFailed(ILogger logger, NodeAddress peer, Exception? exception);
    }
}
