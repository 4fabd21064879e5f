using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Peers;

internal sealed partial class HttpPeer
{
    private static partial class Log
    {
        [LoggerMessage(1100, LogLevel.Debug, "Peer {Peer} read to the end at /{Path} (not modified: {NotModified}).", EventName = nameof(PullEnded))]
        public static partial void PullEnded(ILogger logger, NodeAddress peer, string path, bool notModified);

        [LoggerMessage(1101, LogLevel.Debug, "Peer {Peer} failed at /{Path}: {Kind}, status {StatusCode}. {Detail}", EventName = nameof(PullFailed))]
        public static partial void PullFailed(ILogger logger, NodeAddress peer, string path, PeerFailureKind kind, int? statusCode, string? detail);
    }
}
