using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Reconciliation.Messages;
using Koii.DbSharing.Tests.Reconciliation;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// Reconciliation messages, to the responder and to the initiator: malformed messages are rejected, and answers are
/// well formed.
/// </summary>
internal sealed class MessageTarget : FuzzTarget<(byte[]? Answer, bool IsTaken, byte[]? Next, int Need)>
{
    private static readonly ItemSet Ours = SampleItems.SetOf(Enumerable.Range(0, 300).Select(number => SampleItems.Item((ulong)number / 3, number)));
    private static readonly ItemSet Theirs =
        SampleItems.SetOf(Enumerable.Range(20, 300).Select(number => SampleItems.Item((ulong)number / 3, number)));

    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            var need = new HashSet<LinktreeId>();
            var initiator = new Initiator(Theirs, need);
            for (var message = initiator.Start(); message is not null;)
            {
                yield return message;
                var answer = new Responder(Ours).Respond(message)!;
                yield return answer;
                initiator.TryTake(answer, out message);
            }

            yield return new Initiator(SampleItems.SetOf([]), need).Start();
        }
    }

    protected override ValueTask<(byte[]?, bool, byte[]?, int)> ReadAsync(byte[] input)
    {
        var answer = new Responder(Ours).Respond(input);
        var need = new HashSet<LinktreeId>();
        var isTaken = new Initiator(Ours, need).TryTake(input, out var next);
        return new((answer, isTaken, next, need.Count));
    }

    protected override int Check(byte[] input, (byte[]? Answer, bool IsTaken, byte[]? Next, int Need) reading)
    {
        var (answer, isTaken, next, need) = reading;
        var isMessage = MessageReader.IsWellFormed(input);
        Assert.That(answer is not null, Is.EqualTo(isMessage));
        Assert.That(isTaken, Is.EqualTo(isMessage));
        Assert.That(need, Is.LessThanOrEqualTo(input.Length / LinktreeId.Size));
        foreach (var written in new[] { answer, next }.OfType<byte[]>())
        {
            Assert.That(MessageReader.IsWellFormed(written), Is.True);
            Assert.That(written, Has.Length.LessThanOrEqualTo(ProtocolExtension.FrameLimit));
        }

        return HashCode.Combine(isMessage, answer?.Length / 64, next?.Length / 64, need);
    }
}
