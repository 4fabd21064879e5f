using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Reconciliation.Messages;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// One of the two that find out how their sets differ, by range-based set reconciliation (A. Meyer, "Range-Based Set Reconciliation", SRDS 2023) in the form of Negentropy
/// protocol version 1 (protocol §5). They compare fingerprints of ranges; where two differ, the range is cut into smaller ones, down to lists of ids. Messages in,
/// messages out: it does no I/O and keeps nothing between two messages.
/// </summary>
/// <param name="set">What this side has. It does not change during a conversation.</param>
/// <param name="frameLimit">The greatest length of a message that this side writes, in bytes: at least <see cref="MinFrameLimit"/>.</param>
internal abstract class Party(ItemSet set, int frameLimit)
{
    /// <summary>The greatest length of a message between nodes, in both directions: 512 KiB.</summary>
    public const int FrameLimit = 512 * 1024;

    /// <summary>The least frame limit. The answer to one range fits into it in any case, so every message gets further.</summary>
    public const int MinFrameLimit = 4_096;

    /// <summary>As a frame limit: none.</summary>
    public const int NoFrameLimit = int.MaxValue;

    // A range that differs and holds fewer than twice as many items as there are parts is listed, else it is cut into so many parts.
    private const int Parts = 16;

    // How much of a frame is kept free for the range that closes it.
    private const int ClosingReserve = 200;

    protected ItemSet Set { get; } = set;

    /// <summary>The message that begins a conversation: the whole set, cut into parts or listed.</summary>
    protected byte[] Begin()
    {
        var output = new MessageWriter();
        WriteParts(output, default, Set.End);
        return output.ToArray();
    }

    /// <summary>Goes through a well-formed message and writes the next one. A message without ranges says that all is settled.</summary>
    protected byte[] Answer(ReadOnlySpan<byte> message)
    {
        var output = new MessageWriter();
        var reader = new MessageReader(message);
        var lower = default(Place);
        // Up to where the output has said something.
        var said = lower;
        while (reader.TryRead(out var range))
        {
            var upper = Set.PlaceOf(range.Upper);
            if (!IsSettled(range, lower, upper))
            {
                var length = output.Length;
                if (said.Bound.CompareTo(lower.Bound) < 0)
                    output.WriteSkip(lower.Bound);
                if (range.Mode is RangeMode.IdList)
                    upper = WriteIdsWithinFrame(output, length, lower, upper);
                else
                    WriteParts(output, lower, upper);

                if (output.Length > frameLimit - ClosingReserve)
                {
                    Close(output, length, range, said, upper);
                    break;
                }

                said = upper;
            }

            lower = upper;
        }

        return output.ToArray();
    }

    /// <summary>What it means that the other side lists all that it has in a range.</summary>
    /// <param name="range">The list.</param>
    /// <param name="lower">Where the range begins in this side's set.</param>
    /// <param name="upper">Where it ends.</param>
    /// <returns>Whether nothing more is to be said of the range; if not, it is answered by a list of our own.</returns>
    protected abstract bool TakeIds(MessageRange range, Place lower, Place upper);

    private bool IsSettled(MessageRange range, Place lower, Place upper) => range.Mode switch
    {
        RangeMode.Fingerprint => range.Fingerprint == (upper - lower).ToFingerprint(),
        RangeMode.IdList => TakeIds(range, lower, upper),
        _ => true,
    };

    private void WriteParts(MessageWriter output, Place lower, Place upper)
    {
        var count = upper.Rank - lower.Rank;
        if (count < 2 * Parts)
        {
            output.WriteIdList(upper.Bound, Set, lower.Rank, upper.Rank);
            return;
        }

        var (size, longer) = Math.DivRem(count, Parts);
        for (var part = 0; part < Parts; part++)
        {
            var end = lower.Rank + size + (part < longer ? 1 : 0);
            var next = end == upper.Rank ? upper : Set.PlaceBefore(end);
            output.WriteFingerprint(next.Bound, (next - lower).ToFingerprint());
            lower = next;
        }
    }

    /// <summary>Lists a range, or as much of it as the frame takes: then the list's bound is moved to the first item that is left out.</summary>
    /// <returns>Where the list ends.</returns>
    private Place WriteIdsWithinFrame(MessageWriter output, int lengthBefore, Place lower, Place upper)
    {
        // As the reference counts: an id is written while what came before this range, and the ids before this one, are within the limit.
        var room = ((frameLimit - ClosingReserve - lengthBefore) / LinktreeId.Size) + 1;
        if (upper.Rank - lower.Rank > room)
            upper = Set.PlaceOf(RangeBound.Before(Set.ItemAt(lower.Rank + room)));
        output.WriteIdList(upper.Bound, Set, lower.Rank, upper.Rank);
        return upper;
    }

    /// <summary>
    /// Ends a message that is full with one fingerprint up to infinity. An id list stays, since it was cut to fit; what else the last range added is dropped. The fingerprint
    /// is, as in the reference implementation, of what comes behind that range, though on the wire it also stands for the range itself: the two sides then differ there, and
    /// the other one asks again.
    /// </summary>
    private void Close(MessageWriter output, int lengthBefore, MessageRange range, Place said, Place upper)
    {
        var rest = (Set.End - upper).ToFingerprint();
        if (range.Mode is RangeMode.Fingerprint)
        {
            output.TakeBack(lengthBefore);
            // Except where it would repeat what the other side has just said of the range that is dropped, which would read as agreement: both have nothing behind it.
            if (rest == range.Fingerprint)
                rest = (Set.End - said).ToFingerprint();
        }

        output.WriteFingerprint(RangeBound.Infinity, rest);
    }
}
