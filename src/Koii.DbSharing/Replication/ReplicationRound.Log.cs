using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Replication;

internal sealed partial class ReplicationRound
{
    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1000,
            EventName = nameof(RoundCompleted),
            Message = "Round completed for task {TaskId} in {Duration}: {Peers} peers, {Failed} failed; {Total} records, {Inserted} inserted, {Replaced} replaced, {Full} full, {Rejected} rejected.")]
        public static partial void RoundCompleted(
            ILogger logger, LogLevel level, string taskId, TimeSpan duration, int peers, int failed, long total, long inserted, long replaced, long full, long rejected);

        [LoggerMessage(EventId = 1001, Message = "Round skipped for task {TaskId}: no node list is available. {Problems}", EventName = nameof(NoNodeList))]
        public static partial void NoNodeList(ILogger logger, LogLevel level, string taskId, string problems);

        [LoggerMessage(1002, LogLevel.Error, "The INodeDirectory threw, which its contract does not allow. The round for task {TaskId} has no node list.", EventName = nameof(DirectoryThrew))]
        public static partial void DirectoryThrew(ILogger logger, string taskId, Exception exception);

        [LoggerMessage(
            1006,
            LogLevel.Warning,
            "All {Peers} peers failed for task {TaskId}. First failure: {Peer}: {Failure} Not logged again until a peer succeeds.",
            EventName = nameof(AllPeersFailed))]
        public static partial void AllPeersFailed(ILogger logger, int peers, string taskId, NodeAddress peer, PeerFailure failure);

        [LoggerMessage(
            1008,
            LogLevel.Warning,
            "All {Peers} peers answered that they do not have task {TaskId} (404). Check the options TaskId and ResourceName. Not logged again until a peer has it.",
            EventName = nameof(TaskNotFound))]
        public static partial void TaskNotFound(ILogger logger, int peers, string taskId);

        [LoggerMessage(
            1009,
            LogLevel.Warning,
            "The clock of this node differs from those of its peers for task {TaskId}: the median clock of {Addresses} addresses minus this clock is {Offset}. "
                + "A clock that is behind rejects new records as not yet valid. Not logged again until the clocks agree.",
            EventName = nameof(ClockDiffers))]
        public static partial void ClockDiffers(ILogger logger, string taskId, TimeSpan offset, int addresses);
    }
}
