using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Reconciliation.Messages;

namespace Koii.DbSharing.Reconciliation;

/// <summary>The side that is asked. It keeps no state between messages, so every message may meet a newer state of the set.</summary>
internal sealed class Responder(ItemSet set, int frameLimit = Party.FrameLimit) : Party(set, frameLimit)
{
    /// <summary>Answers a message.</summary>
    /// <returns>The answer, or <see langword="null"/> where the message is malformed.</returns>
    public byte[]? Respond(ReadOnlySpan<byte> message) => MessageReader.IsWellFormed(message) ? Answer(message) : null;

    /// <inheritdoc/>
    protected override bool TakeIds(MessageRange range, Place lower, Place upper) => false;
}
