using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Reconciliation.Messages;

namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// The side that answers. It is stateless, so each message may be answered from a newer state of the set.
/// </summary>
internal sealed class Responder(ItemSet set, int frameLimit = ProtocolExtension.FrameLimit) : RangeReconciler(set, frameLimit)
{
    /// <summary>Answers a message.</summary>
    /// <returns>The answer, or <see langword="null"/> if the message is malformed.</returns>
    public byte[]? Respond(ReadOnlySpan<byte> message) => MessageReader.IsWellFormed(message) ? Reconcile(message) : null;

    /// <inheritdoc/>
    protected override bool HandleIdList(MessageRange range, BoundPosition lower, BoundPosition upper) => false;
}
