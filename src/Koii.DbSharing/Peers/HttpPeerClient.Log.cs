using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Peers;

internal sealed partial class HttpPeerClient
{
    private static partial class Log
    {
        [LoggerMessage(1100, LogLevel.Debug, "{Peer} was read to the end at {Path} (not modified: {NotModified})", EventName = "PullEnded")]
        public static partial void PullEnded(ILogger logger, NodeAddress peer, ListPath path, bool notModified);

        [LoggerMessage(1101, LogLevel.Debug, "{Peer} failed at {Path}: {Kind} (status {StatusCode}). {Detail}", EventName = "PullFailed")]
        public static partial void PullFailed(ILogger logger, NodeAddress peer, ListPath path, PeerFailureKind kind, int? statusCode, string? detail);
    }
}
