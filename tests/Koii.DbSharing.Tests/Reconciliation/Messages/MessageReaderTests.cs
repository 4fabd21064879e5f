using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Messages;

namespace Koii.DbSharing.Tests.Reconciliation.Messages;

/// <summary>What is a message and what is none (protocol §5). Bytes are written as they stand on the wire.</summary>
public sealed class MessageReaderTests
{
    private const string Id = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    private const string Fingerprint = "000102030405060708090a0b0c0d0e0f";
    private const string OfNothing = "7f9c9e31ac8256ca2f258583df262dbc";

    [TestCase("61", TestName = "done")]
    [TestCase("61 000000", TestName = "skip to infinity")]
    [TestCase("61 00000200", TestName = "empty list to infinity")]
    [TestCase($"61 00000201 {Id}", TestName = "list of one")]
    [TestCase($"61 000001 {Fingerprint}", TestName = "fingerprint")]
    [TestCase("61 020000 010101 00 010102 00", TestName = "same time, prefixes rise")]
    [TestCase($"61 0220{Id} 00 000000", TestName = "prefix of a whole id")]
    [TestCase("61 81ffffffffffffffff7f 0000", TestName = "greatest time but infinity")]
    [TestCase($"61 00000200 000001 {OfNothing}", TestName = "what closes a list that filled its frame at infinity")]
    public void Message(string hex) => Assert.That(IsWellFormed(hex), Is.True);

    [TestCase("", TestName = "nothing at all")]
    [TestCase("60", TestName = "version 0")]
    [TestCase("62 000000", TestName = "version 2")]
    [TestCase("61 00", TestName = "bound without prefix length")]
    [TestCase("61 0000", TestName = "range without mode")]
    [TestCase("61 800000 00", TestName = "time with a leading zero")]
    [TestCase("61 028000 00", TestName = "prefix length with a leading zero")]
    [TestCase("61 00008001", TestName = "mode with a leading zero")]
    [TestCase("61 0000028000", TestName = "count with a leading zero")]
    [TestCase("61 82808080808080808000 0000", TestName = "time over 64 bits")]
    [TestCase("61 8180808080808080808000 0000", TestName = "number of eleven digits")]
    [TestCase("61 81ffffffffffffffff7f 0000 0300 00", TestName = "time that overflows by its difference")]
    [TestCase("61 81", TestName = "number that ends too early")]
    [TestCase($"61 0221{Id}00 00", TestName = "prefix longer than an id")]
    [TestCase("61 0202aa", TestName = "prefix that ends too early")]
    [TestCase("61 0001aa 00", TestName = "infinity with a prefix")]
    [TestCase("61 000003", TestName = "unknown mode")]
    [TestCase("61 00008101", TestName = "mode that is known in its last digit")]
    [TestCase("61 010000", TestName = "first bound at the very beginning")]
    [TestCase("61 020000 010000", TestName = "bound that stays")]
    [TestCase("61 020000 010100 00", TestName = "bound that stays, with a prefix of zeros")]
    [TestCase("61 020102 00 010101 00", TestName = "bound that falls")]
    [TestCase("61 000000 000000", TestName = "infinity twice")]
    [TestCase("61 000000 020000", TestName = "range behind infinity")]
    [TestCase($"61 000001 {OfNothing} 000001 {OfNothing}", TestName = "two fingerprints to infinity")]
    [TestCase($"61 00000200 000001 {Fingerprint}", TestName = "something behind a list to infinity")]
    [TestCase($"61 00000200 000001 {OfNothing} 00", TestName = "something behind what closes a list")]
    [TestCase("61 000001 0001020304050607", TestName = "fingerprint that ends too early")]
    [TestCase($"61 00000202 {Id}", TestName = "count of more than there is")]
    [TestCase("61 00000281ffffffffffffffff7f", TestName = "count that nothing can hold")]
    [TestCase("61 000002888080808080808000", TestName = "count whose bytes overflow")]
    [TestCase("61 000000 aa", TestName = "byte left over")]
    public void No_message(string hex) => Assert.That(IsWellFormed(hex), Is.False);

    [Test]
    public void Number_of_ranges_is_limited()
    {
        Assert.That(MessageReader.IsWellFormed([0x61, .. Skips(32_768)]), Is.True);
        Assert.That(MessageReader.IsWellFormed([0x61, .. Skips(32_769)]), Is.False);

        static IEnumerable<byte> Skips(int count) => Enumerable.Repeat<byte[]>([2, 0, 0], count).SelectMany(range => range);
    }

    [Test]
    public void Reading_says_what_was_written()
    {
        var writer = new MessageWriter();
        var set = SampleItems.SetOf(Enumerable.Range(0, 3).Select(i => SampleItems.Item(5, i)));
        writer.WriteSkip(RangeBound.At(300, []));
        writer.WriteFingerprint(RangeBound.At(300, [1, 2]), 77);
        writer.WriteIdList(RangeBound.Before(set.ItemAt(0) with { Time = 301 }), set, 1, 3);
        writer.WriteSkip(RangeBound.Infinity);

        var reader = new MessageReader(writer.ToArray());

        Assert.That(reader.TryRead(out var skip), Is.True);
        Assert.That((skip.Mode, skip.Upper), Is.EqualTo((RangeMode.Skip, RangeBound.At(300, []))));
        Assert.That(reader.TryRead(out var fingerprint), Is.True);
        Assert.That((fingerprint.Mode, fingerprint.Upper, fingerprint.Fingerprint), Is.EqualTo((RangeMode.Fingerprint, RangeBound.At(300, [1, 2]), (UInt128)77)));
        Assert.That(reader.TryRead(out var list), Is.True);
        Assert.That((list.Mode, list.Upper, list.IdCount), Is.EqualTo((RangeMode.IdList, RangeBound.Before(set.ItemAt(0) with { Time = 301 }), 2)));
        Assert.That((list.IdAt(0), list.IdAt(1)), Is.EqualTo((set.ItemAt(1).Id, set.ItemAt(2).Id)));
        Assert.That(reader.TryRead(out var end), Is.True);
        Assert.That(end.Upper.IsInfinity, Is.True);
        Assert.That(reader.TryRead(out _), Is.False);
        Assert.That(reader.IsMalformed, Is.False);
    }

    [Test]
    public void Reading_costs_no_memory_whatever_a_message_claims()
    {
        byte[][] claims = [Hex("61 00000281ffffffffffffffff7f"), Hex($"61 00000201 {Id}"), [0x61, .. Enumerable.Repeat((byte)0xFF, 512 * 1024)]];
        foreach (var claim in claims)
            MessageReader.IsWellFormed(claim);

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var claim in claims)
            MessageReader.IsWellFormed(claim);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static bool IsWellFormed(string hex) => MessageReader.IsWellFormed(Hex(hex));

    private static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
