using Koii.DbSharing.Nodes;
using Koii.DbSharing.Peers;

namespace Koii.DbSharing.Replication;

/// <summary>What a round had from one peer.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="Path">By which way it was read.</param>
/// <param name="Verdicts">What became of the records that came; elements that were not well formed count as rejected.</param>
/// <param name="BytesReceived">Bytes on the wire, before decompression.</param>
/// <param name="Duration">From the first call to the last verdict.</param>
/// <param name="Failure">Why it was not read to the end, or <see langword="null"/>. What came before a failure is stored and counted.</param>
public sealed record PeerReport(NodeAddress Peer, PeerPath Path, VerdictCounts Verdicts, long BytesReceived, TimeSpan Duration, PeerFailure? Failure);
