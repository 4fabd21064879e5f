using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Reconciliation.Messages;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Tests.Reconciliation.Messages;

/// <summary>Messages of real conversations, damaged: whatever comes of them is read or refused, and never more than that.</summary>
public sealed class MessageFuzzTests
{
    private const int Inputs = 20_000;

    [Test]
    public void No_message_however_damaged_makes_either_side_fail([Random(1)] int seed)
    {
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var set = SampleItems.SetOf(SampleItems.Random(random, 500));
        var seeds = Conversation(set, SampleItems.SetOf(SampleItems.Random(random, 400)));

        var read = 0;
        for (var i = 0; i < Inputs; i++)
        {
            var message = Damage(seeds[random.Next(seeds.Count)], random);
            var answer = new Responder(set, Party.MinFrameLimit).Respond(message);
            var isTaken = new Initiator(set, new HashSet<LinktreeId>(), frameLimit: Party.MinFrameLimit).TryTake(message, out var next);

            Assert.That(answer is not null, Is.EqualTo(isTaken), "both sides read alike");
            foreach (var output in new[] { answer, next })
            {
                if (output is not null)
                    Assert.That(output.Length <= Party.MinFrameLimit && MessageReader.IsWellFormed(output), Is.True);
            }

            read += isTaken ? 1 : 0;
        }

        Assert.That(read, Is.InRange(Inputs / 100, Inputs - 1), "some are read and some are refused, else the damage is of the wrong kind");
    }

    [Test]
    public void Reading_a_message_costs_by_its_length_and_no_memory([Random(1)] int seed)
    {
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var seeds = Conversation(SampleItems.SetOf(SampleItems.Random(random, 500)), SampleItems.SetOf(SampleItems.Random(random, 400)));
        var messages = Enumerable.Range(0, 2_000).Select(_ => Damage(seeds[random.Next(seeds.Count)], random)).ToArray();
        RangesOf(messages[0]);

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var message in messages)
        {
            // A range has three bytes at least.
            if (RangesOf(message) > message.Length / 3)
                Assert.Fail("more ranges than the bytes can hold");
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static int RangesOf(byte[] message)
    {
        var reader = new MessageReader(message);
        var ranges = 0;
        while (reader.TryRead(out _))
            ranges++;
        return ranges;
    }

    private static List<byte[]> Conversation(ItemSet ours, ItemSet theirs)
    {
        List<byte[]> messages = [[0x61]];
        var initiator = new Initiator(ours, new HashSet<LinktreeId>(), frameLimit: Party.MinFrameLimit);
        var responder = new Responder(theirs, Party.MinFrameLimit);
        for (var next = initiator.Start(); next is not null;)
        {
            messages.Add(next);
            messages.Add(responder.Respond(next)!);
            Assert.That(initiator.TryTake(messages[^1], out next), Is.True);
        }

        return messages;
    }

    /// <summary>Changes, removes, doubles or inserts a few bytes, or none.</summary>
    private static byte[] Damage(byte[] message, Random random)
    {
        var bytes = message.ToList();
        for (var damage = random.Next(4); damage > 0; damage--)
        {
            var place = random.Next(bytes.Count + 1);
            var length = Math.Min(random.Next(1, 40), bytes.Count - place);
            switch (random.Next(5))
            {
                case 0 when place < bytes.Count:
                    bytes[place] = (byte)(random.Next(2) == 0 ? bytes[place] ^ (1 << random.Next(8)) : random.Next(256));
                    break;
                case 1:
                    bytes.RemoveRange(place, length);
                    break;
                case 2:
                    bytes.InsertRange(place, bytes.GetRange(place, length));
                    break;
                case 3:
                    bytes.InsertRange(place, [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => (byte)(random.Next(2) == 0 ? 0xFF : random.Next(256)))]);
                    break;
                default:
                    bytes.RemoveRange(place, bytes.Count - place);
                    break;
            }
        }

        return [.. bytes];
    }
}
