using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

internal sealed partial class ReplicationRound
{
    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1000,
            EventName = nameof(RoundCompleted),
            Message = "Round for task {TaskId}: {Peers} peers, {Failed} failed; of {Total} records {Inserted} inserted, {Replaced} replaced, {Rejected} rejected; took {Duration}")]
        public static partial void RoundCompleted(
            ILogger logger, LogLevel level, string taskId, int peers, int failed, long total, long inserted, long replaced, long rejected, TimeSpan duration);

        [LoggerMessage(EventId = 1001, Message = "Round for task {TaskId}: there is no node list. {Problems}", EventName = nameof(NoNodeList))]
        public static partial void NoNodeList(ILogger logger, LogLevel level, string taskId, string problems);

        [LoggerMessage(1002, LogLevel.Error, "The INodeDirectory threw against its contract; the round for task {TaskId} has no node list", EventName = nameof(DirectoryThrew))]
        public static partial void DirectoryThrew(ILogger logger, string taskId, Exception exception);

        [LoggerMessage(
            1006,
            LogLevel.Warning,
            "Round for task {TaskId}: none of {Peers} peers could be read. Of {Peer}: {Kind}. {Detail} Failures of all are not logged again until one can be read",
            EventName = nameof(NobodyRead))]
        public static partial void NobodyRead(ILogger logger, string taskId, int peers, NodeAddress peer, PeerFailureKind kind, string? detail);
    }
}
