using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

internal sealed partial class PeerPull
{
    private static partial class Log
    {
        [LoggerMessage(1021, LogLevel.Debug, "The peer client threw while it read {Peer}.", EventName = nameof(ClientThrew))]
        public static partial void ClientThrew(ILogger logger, NodeAddress peer, Exception exception);

        [LoggerMessage(1022, LogLevel.Error, "The {Service} threw, which its contract does not allow. The pull from {Peer} ended.", EventName = nameof(ServiceThrew))]
        public static partial void ServiceThrew(ILogger logger, string service, NodeAddress peer, Exception exception);

        [LoggerMessage(1023, LogLevel.Debug, "The peer client threw while its request to {Peer} was closed.", EventName = nameof(ClosingFailed))]
        public static partial void ClosingFailed(ILogger logger, NodeAddress peer, Exception? exception);
    }
}
