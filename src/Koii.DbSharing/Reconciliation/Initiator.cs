using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Reconciliation.Messages;

namespace Koii.DbSharing.Reconciliation;

/// <summary>The side that starts a reconciliation and computes the differences of both sets.</summary>
/// <param name="set">The items of this side.</param>
/// <param name="need">Receives the ids that only the other side has.</param>
/// <param name="have">Receives the ids that only this side has; <see langword="null"/> if they are not needed.</param>
/// <param name="frameLimit">The maximum length in bytes of a message that this side writes.</param>
internal sealed class Initiator(ItemSet set, ISet<LinktreeId> need, ISet<LinktreeId>? have = null, int frameLimit = ProtocolExtension.FrameLimit)
    : RangeReconciler(set, frameLimit)
{
    // A range may be listed again after a full frame was cut. Only a peer that tries to occupy this node makes it
    // compare all of its items many times.
    private readonly long _maxCompared = (8 * set.Count) + 65_536;
    private long _compared;

    /// <summary>
    /// The number of own items that were compared with id lists of the other side. If the bound applies to several
    /// reconciliations together, each starts with the number of the one before it.
    /// </summary>
    public long Compared
    {
        get => _compared;
        init => _compared = value;
    }

    /// <summary>Writes the first message.</summary>
    /// <param name="since">The time from which on the sets are compared, in milliseconds since the Unix epoch. 0 to compare them as a whole.</param>
    public byte[] Start(long since = 0) => WriteFirstMessage((ulong)since / 1000); // Items have whole seconds.

    /// <summary>Processes the answer to the last message.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="next">The next message, or <see langword="null"/> if all differences are found.</param>
    /// <returns>
    /// <see langword="false"/> if the answer is malformed, or has more id lists than a responder would write. The ids
    /// found before it remain valid.
    /// </returns>
    public bool TryTake(ReadOnlySpan<byte> answer, out byte[]? next)
    {
        next = null;
        if (!MessageReader.IsWellFormed(answer))
            return false;
        var message = Reconcile(answer);
        next = message.Length > 1 ? message : null;
        return _compared <= _maxCompared;
    }

    /// <inheritdoc/>
    protected override bool HandleIdList(MessageRange range, BoundPosition lower, BoundPosition upper)
    {
        var theirs = new HashSet<LinktreeId>(range.IdCount);
        for (var i = 0; i < range.IdCount; i++)
            theirs.Add(range.IdAt(i));

        // An empty list adds nothing to need, so the own items of its range need not be read.
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
