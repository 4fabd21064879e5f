using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Reconciliation.Messages;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// One side of a range-based set reconciliation (A. Meyer, "Range-Based Set Reconciliation", SRDS 2023) in the form of
/// Negentropy protocol version 1 (protocol §5).
/// </summary>
/// <remarks>
/// Both sides compare fingerprints of ranges. A range with different fingerprints is divided into smaller ones, or its
/// ids are listed. The class maps messages to messages: it performs no I/O, and this base class keeps no state between
/// two messages.
/// </remarks>
/// <param name="set">The items of this side.</param>
/// <param name="frameLimit">
/// The maximum length in bytes of a message that this side writes: at least <see cref="MinFrameLimit"/>.
/// </param>
internal abstract class RangeReconciler(ItemSet set, int frameLimit)
{
    /// <summary>
    /// The minimum frame limit. The answer to one range always fits into it, so each message makes progress.
    /// </summary>
    public const int MinFrameLimit = 4_096;

    /// <summary>The frame limit that means none.</summary>
    public const int NoFrameLimit = int.MaxValue;

    // A range that differs is divided into this many parts, or listed if it has fewer than twice as many items.
    private const int Parts = 16;

    // The part of a frame that is reserved for its closing range.
    private const int ClosingReserve = 200;

    protected ItemSet Set { get; } = set;

    /// <summary>Writes the first message: the whole set, or the items from a time on, divided into parts or listed.</summary>
    protected byte[] WriteFirstMessage(ulong since)
    {
        var output = new MessageWriter();
        var lower = since > 0 ? Set.PositionOf(RangeBound.At(since, [])) : default;
        if (since > 0)
            output.WriteSkip(lower.Bound);
        WriteParts(output, lower, Set.End);
        return output.ToArray();
    }

    /// <summary>
    /// Processes a well-formed message and writes the next one. A message without ranges means that no differences are
    /// left to find.
    /// </summary>
    protected byte[] Reconcile(ReadOnlySpan<byte> message)
    {
        var output = new MessageWriter();
        var reader = new MessageReader(message);
        var lower = default(BoundPosition);
        // The end of the last range that the output covers.
        var written = lower;
        while (reader.TryRead(out var range))
        {
            var upper = Set.PositionOf(range.Upper);
            if (!NeedsNoAnswer(range, lower, upper))
            {
                var length = output.Length;
                if (written.Bound.CompareTo(lower.Bound) < 0)
                    output.WriteSkip(lower.Bound);
                if (range.Mode is RangeMode.IdList)
                    upper = WriteIdsWithinFrame(output, length, lower, upper);
                else
                    WriteParts(output, lower, upper);

                if (output.Length > frameLimit - ClosingReserve)
                {
                    Close(output, length, range, written, upper);
                    break;
                }

                written = upper;
            }

            lower = upper;
        }

        return output.ToArray();
    }

    /// <summary>Processes the list of all ids that the other side has in a range.</summary>
    /// <param name="range">The list.</param>
    /// <param name="lower">The start of the range in this side's set.</param>
    /// <param name="upper">The end of the range in this side's set.</param>
    /// <returns>
    /// <see langword="true"/> if the range needs no answer; otherwise this side answers with its own list.
    /// </returns>
    protected abstract bool HandleIdList(MessageRange range, BoundPosition lower, BoundPosition upper);

    private bool NeedsNoAnswer(MessageRange range, BoundPosition lower, BoundPosition upper) => range.Mode switch
    {
        RangeMode.Fingerprint => range.Fingerprint == (upper - lower).ToFingerprint(),
        RangeMode.IdList => HandleIdList(range, lower, upper),
        _ => true,
    };

    private void WriteParts(MessageWriter output, BoundPosition lower, BoundPosition upper)
    {
        var count = upper.Rank - lower.Rank;
        if (count < 2 * Parts)
        {
            output.WriteIdList(upper.Bound, Set, lower.Rank, upper.Rank);
            return;
        }

        var (size, remainder) = Math.DivRem(count, Parts);
        for (var part = 0; part < Parts; part++)
        {
            var end = lower.Rank + size + (part < remainder ? 1 : 0);
            var next = end == upper.Rank ? upper : Set.PositionBefore(end);
            output.WriteFingerprint(next.Bound, (next - lower).ToFingerprint());
            lower = next;
        }
    }

    /// <summary>
    /// Lists a range, or the part of it that fits into the frame: the list's bound is then the first item that does not
    /// fit.
    /// </summary>
    /// <returns>The end of the list.</returns>
    private BoundPosition WriteIdsWithinFrame(MessageWriter output, int lengthBefore, BoundPosition lower, BoundPosition upper)
    {
        // As in the reference implementation: an id is written if the message before this range and the ids before it
        // are within the limit.
        var room = ((frameLimit - ClosingReserve - lengthBefore) / LinktreeId.Size) + 1;
        if (upper.Rank - lower.Rank > room)
            upper = Set.PositionOf(RangeBound.Before(Set.ItemAt(lower.Rank + room)));
        output.WriteIdList(upper.Bound, Set, lower.Rank, upper.Rank);
        return upper;
    }

    /// <summary>
    /// Closes a full message with one fingerprint up to infinity. An id list remains, because it was shortened to fit;
    /// any other output of the last range is removed. As in the reference implementation, the fingerprint covers the
    /// items after that range, although on the wire it also represents the range itself: the fingerprints then differ,
    /// and the other side asks again.
    /// </summary>
    private void Close(MessageWriter output, int lengthBefore, MessageRange range, BoundPosition written, BoundPosition upper)
    {
        var remaining = (Set.End - upper).ToFingerprint();
        if (range.Mode is RangeMode.Fingerprint)
        {
            output.Truncate(lengthBefore);
            // If neither side has items after that range, this would repeat the other side's fingerprint of it, which
            // would be read as agreement.
            if (remaining == range.Fingerprint)
                remaining = (Set.End - written).ToFingerprint();
        }

        output.WriteFingerprint(RangeBound.Infinity, remaining);
    }
}
