using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Reconciliation.Messages;

namespace Koii.DbSharing.Tests.Reconciliation;

/// <summary>
/// Complete reconciliations: the known values of protocol §5, fixed bytes, and properties that hold for any two sets.
/// </summary>
public sealed class RangeReconcilerTests
{
    [Test]
    public void First_messages_equal_the_known_values()
    {
        Assert.That(Hex(Start()), Is.EqualTo("6100000200"));
        Assert.That(
            Hex(Start(SampleItems.Item(1000, 0), SampleItems.Item(1001, 1))), Is.EqualTo($"6100000202{SampleItems.Id(0)}{SampleItems.Id(1)}"));

        var forty = Start([.. Enumerable.Range(0, 40).Select(i => SampleItems.Item(1_770_000_000 + (ulong)i, i))]);
        Assert.That(forty, Has.Length.EqualTo(309));
        Assert.That(Hex(SHA256.HashData(forty)), Is.EqualTo("6e50b38cd13cfd9641d4b0ed30d5af6fcb21a58261f0b859e7c6723b78096fe6"));
    }

    [Test]
    public void Records_of_one_second_are_ordered_by_id()
    {
        var (low, high) = (new LinktreeId(new byte[32]), new LinktreeId([1, .. new byte[31]]));

        Assert.That(SetItem.Of(new LinktreeVersion(5_999, low)), Is.LessThan(SetItem.Of(new LinktreeVersion(5_000, high))));
        Assert.That(SetItem.Of(new LinktreeVersion(5_999, high)), Is.LessThan(SetItem.Of(new LinktreeVersion(6_000, low))));
    }

    [Test]
    public void Empty_sets_need_one_round_trip()
    {
        Assert.That(Messages([], []), Is.EqualTo(new[] { "6100000200", "6100000200", "61" }));
    }

    [Test]
    public void Small_sets_are_listed()
    {
        var (a, b, c) = (SampleItems.Item(10, 0), SampleItems.Item(20, 1), SampleItems.Item(20, 2));

        Assert.That(Messages([a, b], [b, c]), Is.EqualTo(new[] { $"6100000202{a.Id}{b.Id}", $"6100000202{b.Id}{c.Id}", "61" }));
    }

    [Test]
    public void Equal_sets_of_any_size_need_one_round_trip()
    {
        var items = Enumerable.Range(0, 5_000).Select(i => SampleItems.Item((ulong)i / 3, i)).ToArray();

        var messages = Messages(items, items);

        Assert.That(messages.Skip(1), Is.EqualTo(new[] { "61", "61" }));
        Assert.That(messages[0].Length / 2, Is.LessThan(400));
    }

    /// <summary>
    /// Fixes the bytes on the wire: 640 items, of which each side lacks one, in messages with all three modes.
    /// </summary>
    [Test]
    public void Messages_of_two_round_trips_have_the_known_bytes()
    {
        var items = Enumerable.Range(0, 640).Select(i => SampleItems.Item(1_770_000_000 + (ulong)i, i)).ToArray();

        var messages = Messages([.. items.Where((_, i) => i != 100)], [.. items.Where((_, i) => i != 500)]);

        Assert.That(messages.Select(message => (message.Length / 2, Hex(SHA256.HashData(Convert.FromHexString(message)))[..16])), Is.EqualTo(new[]
        {
            (309, "7412c3fb4e68ca22"),
            (620, "5dbbbd71bf309b76"),
            (212, "6320ceb57f78e835"),
            (212, "935ee7ef18cc542d"),
            (1, "ca978112ca1bbdca"),
        }));
    }

    [Test]
    public void Both_sides_reject_malformed_messages()
    {
        var set = SampleItems.SetOf([SampleItems.Item(1, 1)]);

        Assert.That(new Responder(set).Respond([0x62]), Is.Null);
        Assert.That(new Initiator(set, new HashSet<LinktreeId>()).TryTake([0x61, 1], out _), Is.False);
    }

    [Test]
    public void Any_two_sets_find_their_differences_with_any_frame_limit() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var (ours, theirs) = Sets(random, maxCount: 3_000);
            var limits = (Ours: FrameLimit(random), Theirs: FrameLimit(random));
            var (need, have) = (new HashSet<LinktreeId>(), new HashSet<LinktreeId>());
            var initiator = new Initiator(SampleItems.SetOf(ours), need, have, limits.Ours);
            var responder = new Responder(SampleItems.SetOf(theirs), limits.Theirs);

            var roundTrips = 0;
            for (var next = initiator.Start(); next is not null; roundTrips++)
            {
                Assert.That(next, Has.Length.LessThanOrEqualTo(limits.Ours));
                var answer = responder.Respond(next);
                Assert.That(answer, Is.Not.Null.And.Length.LessThanOrEqualTo(limits.Theirs));
                Assert.That(initiator.TryTake(answer, out next), Is.True);
                Assert.That(roundTrips, Is.LessThan(200), $"{ours.Length} and {theirs.Length} items, frames of {limits}");
            }

            // Not Is.EquivalentTo, which takes quadratic time.
            Assert.That(need.SetEquals(theirs.Except(ours).Select(item => item.Id)), Is.True, "need");
            Assert.That(have.SetEquals(ours.Except(theirs).Select(item => item.Id)), Is.True, "have");
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Every_message_equals_that_of_the_reference_algorithm() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var (ours, theirs) = Sets(random, maxCount: 600);
            var frameLimit = random.Next(3) > 0 ? RangeReconciler.MinFrameLimit : RangeReconciler.NoFrameLimit;
            var need = new HashSet<LinktreeId>();
            var initiator = new Initiator(SampleItems.SetOf(ours), need, null, frameLimit);
            var responder = new Responder(SampleItems.SetOf(theirs), frameLimit);
            var (referenceInitiator, referenceResponder) = (
                new ReferenceReconciler(ours, frameLimit, isInitiator: true), new ReferenceReconciler(theirs, frameLimit, isInitiator: false));

            var next = initiator.Start();
            Assert.That(next, Is.EqualTo(referenceInitiator.Start()));
            while (next is not null)
            {
                var answer = responder.Respond(next);
                Assert.That(answer, Is.EqualTo(referenceResponder.Answer(next)));
                Assert.That(initiator.TryTake(answer, out next), Is.True);
                Assert.That(next ?? [MessageReader.Version], Is.EqualTo(referenceInitiator.Answer(answer!)));
            }

            Assert.That(need.Select(id => id.ToString()), Is.EquivalentTo(referenceInitiator.Need));
        }).QuickCheckThrowOnFailure();

    /// <summary>
    /// Four lists fill the frame, so the answer to the last range is removed, and neither side has items after it.
    /// Repeating its fingerprint would be read as agreement.
    /// </summary>
    [Test]
    public void Full_frame_does_not_repeat_the_fingerprint_of_the_removed_range()
    {
        var items = Enumerable.Range(0, 150).Select(i => SampleItems.Item((ulong)i, i)).ToArray();
        byte[] differs = [31, 0, 1, .. new byte[16]];
        byte[] nothing = [0, 0, 1, .. Convert.FromHexString("7f9c9e31ac8256ca2f258583df262dbc")];

        var answer = new Responder(
            SampleItems.SetOf(items), RangeReconciler.MinFrameLimit).Respond([0x61, .. differs, .. differs, .. differs, .. differs, .. nothing]);

        var reader = new MessageReader(answer);
        var last = default(MessageRange);
        var ranges = 0;
        for (; reader.TryRead(out var range); ranges++)
            last = range;
        Assert.That((ranges, last.Mode, last.Upper.IsInfinity), Is.EqualTo((5, RangeMode.Fingerprint, true)));
        Assert.That(last.Fingerprint, Is.EqualTo(SampleItems.SetOf(items[120..]).Summary.Fingerprint));
    }

    [Test]
    public void Peer_that_repeats_a_list_is_rejected_after_a_bounded_number_of_comparisons()
    {
        var items = Enumerable.Range(0, 20_000).Select(i => SampleItems.Item((ulong)i, i));
        var initiator = new Initiator(SampleItems.SetOf(items), new HashSet<LinktreeId>());
        byte[] listOfOne = [0x61, 0, 0, 2, 1, .. new byte[32]];

        var rounds = 0;
        while (initiator.TryTake(listOfOne, out _))
            Assert.That(++rounds, Is.LessThan(20));

        Assert.That(rounds, Is.GreaterThan(4));
    }

    private static int FrameLimit(Random random) => random.Next(3) switch
    {
        0 => RangeReconciler.MinFrameLimit,
        1 => RangeReconciler.MinFrameLimit + random.Next(8_192),
        _ => RangeReconciler.NoFrameLimit,
    };

    /// <summary>
    /// Creates two sets that have none, some or all items in common, with differences scattered or in runs.
    /// </summary>
    private static (SetItem[] Ours, SetItem[] Theirs) Sets(Random random, int maxCount)
    {
        var all = SampleItems.Random(random, random.Next(maxCount));
        if (random.Next(2) == 0)
            Array.Sort(all);
        var (onlyOurs, onlyTheirs) = (random.Next(all.Length + 1), random.Next(all.Length + 1));
        var few = random.Next(2) == 0 ? 10 : 1;
        var left = all.Where((_, i) => i >= onlyTheirs / few || (random.Next(5) == 0 && few == 1)).ToArray();
        var right = all.Where((_, i) => i < all.Length - (onlyOurs / few) || (random.Next(5) == 0 && few == 1)).ToArray();
        return random.Next(2) == 0 ? (left, right) : (right, left);
    }

    private static byte[] Start(params SetItem[] items) => new Initiator(SampleItems.SetOf(items), new HashSet<LinktreeId>()).Start();

    private static List<string> Messages(SetItem[] ours, SetItem[] theirs)
    {
        var initiator = new Initiator(SampleItems.SetOf(ours), new HashSet<LinktreeId>());
        var responder = new Responder(SampleItems.SetOf(theirs));
        List<string> messages = [];
        for (var next = initiator.Start(); next is not null;)
        {
            var answer = responder.Respond(next)!;
            Assert.That(initiator.TryTake(answer, out var following), Is.True);
            messages.AddRange([Hex(next), Hex(answer)]);
            next = following;
        }

        return [.. messages, "61"];
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
