using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Reconciliation.Messages;

namespace Koii.DbSharing.Reconciliation;

/// <summary>The side that asks, and learns what it needs.</summary>
/// <param name="set">What this side has.</param>
/// <param name="need">Gets the ids that the other side has and this one has not.</param>
/// <param name="have">Gets the ids that this side has and the other one has not, where somebody wants to know.</param>
/// <param name="frameLimit">The greatest length of a message that this side writes, in bytes.</param>
internal sealed class Initiator(ItemSet set, ISet<LinktreeId> need, ISet<LinktreeId>? have = null, int frameLimit = Party.FrameLimit) : Party(set, frameLimit)
{
    // Where a full frame is dropped, a range may be listed once more. Many times over all of them is what only a peer does that wants to keep this node busy.
    private readonly long _maxCompared = (8 * set.Count) + 65_536;
    private long _compared;

    /// <summary>How many of ours were compared with what the other side lists. Where several conversations may cost no more than one, each begins with what those before it did.</summary>
    public long Compared
    {
        get => _compared;
        init => _compared = value;
    }

    /// <summary>The first message.</summary>
    public byte[] Start() => Begin();

    /// <summary>Takes the answer to the message before.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="next">What to send next, or <see langword="null"/> when all is settled.</param>
    /// <returns><see langword="false"/> where the answer is malformed, or nothing that a responder would write. What was learned before it holds.</returns>
    public bool TryTake(ReadOnlySpan<byte> answer, out byte[]? next)
    {
        next = null;
        if (!MessageReader.IsWellFormed(answer))
            return false;
        var message = Answer(answer);
        next = message.Length > 1 ? message : null;
        return _compared <= _maxCompared;
    }

    /// <inheritdoc/>
    protected override bool TakeIds(MessageRange range, Place lower, Place upper)
    {
        var theirs = new HashSet<LinktreeId>(range.IdCount);
        for (var i = 0; i < range.IdCount; i++)
            theirs.Add(range.IdAt(i));

        // Nothing is needed of an empty list, however much of ours lies opposite.
        var end = theirs.Count > 0 || have is not null ? upper.Rank : lower.Rank;
        _compared += end - lower.Rank;
        for (var rank = lower.Rank; rank < end && _compared <= _maxCompared;)
        {
            var run = Set.RunAt(rank, end);
            foreach (ref readonly var item in run)
            {
                if (!theirs.Remove(item.Id))
                    have?.Add(item.Id);
            }

            rank += run.Length;
        }

        need.UnionWith(theirs);
        return true;
    }
}
