using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Messages;

namespace Koii.DbSharing.Tests.Reconciliation.Messages;

/// <summary>Well-formed and malformed messages (protocol §5), as the bytes on the wire.</summary>
public sealed class MessageReaderTests
{
    private const string Id = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    private const string Fingerprint = "000102030405060708090a0b0c0d0e0f";
    private const string EmptyFingerprint = "7f9c9e31ac8256ca2f258583df262dbc";

    [TestCase("61", TestName = "done")]
    [TestCase("61 000000", TestName = "skip to infinity")]
    [TestCase("61 00000200", TestName = "empty list to infinity")]
    [TestCase($"61 00000201 {Id}", TestName = "list of one")]
    [TestCase($"61 000001 {Fingerprint}", TestName = "fingerprint")]
    [TestCase("61 020000 010101 00 010102 00", TestName = "same time, prefixes ascend")]
    [TestCase($"61 0220{Id} 00 000000", TestName = "prefix of a whole id")]
    [TestCase("61 81ffffffffffffffff7f 0000", TestName = "highest time below infinity")]
    [TestCase($"61 00000200 000001 {EmptyFingerprint}", TestName = "closing fingerprint after a list to infinity that fills its frame")]
    public void Well_formed_message_is_accepted(string hex) => Assert.That(IsWellFormed(hex), Is.True);

    [TestCase("", TestName = "empty")]
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
    [TestCase("61 81ffffffffffffffff7f 0000 0300 00", TestName = "difference of times that overflows")]
    [TestCase("61 81", TestName = "number that ends too early")]
    [TestCase($"61 0221{Id}00 00", TestName = "prefix longer than an id")]
    [TestCase("61 0202aa", TestName = "prefix that ends too early")]
    [TestCase("61 0001aa 00", TestName = "infinity with a prefix")]
    [TestCase("61 000003", TestName = "unknown mode")]
    [TestCase("61 00008101", TestName = "two-digit mode whose last digit is a known mode")]
    [TestCase("61 010000", TestName = "first bound at the start")]
    [TestCase("61 020000 010000", TestName = "bound that does not ascend")]
    [TestCase("61 020000 010100 00", TestName = "bound that does not ascend, with a prefix of zeros")]
    [TestCase("61 020102 00 010101 00", TestName = "bound that descends")]
    [TestCase("61 000000 000000", TestName = "infinity twice")]
    [TestCase("61 000000 020000", TestName = "range after infinity")]
    [TestCase($"61 000001 {EmptyFingerprint} 000001 {EmptyFingerprint}", TestName = "two fingerprints to infinity")]
    [TestCase($"61 00000200 000001 {Fingerprint}", TestName = "other fingerprint after a list to infinity")]
    [TestCase($"61 00000200 000001 {EmptyFingerprint} 00", TestName = "byte after the closing fingerprint")]
    [TestCase("61 000001 0001020304050607", TestName = "fingerprint that ends too early")]
    [TestCase($"61 00000202 {Id}", TestName = "count greater than the list")]
    [TestCase("61 00000281ffffffffffffffff7f", TestName = "count of 64 bits")]
    [TestCase("61 000002888080808080808000", TestName = "count whose bytes overflow")]
    [TestCase("61 000000 aa", TestName = "byte after the last range")]
    public void Malformed_message_is_rejected(string hex) => Assert.That(IsWellFormed(hex), Is.False);

    [Test]
    public void Number_of_ranges_is_limited()
    {
        Assert.That(MessageReader.IsWellFormed([0x61, .. Skips(32_768)]), Is.True);
        Assert.That(MessageReader.IsWellFormed([0x61, .. Skips(32_769)]), Is.False);

        static IEnumerable<byte> Skips(int count) => Enumerable.Repeat<byte[]>([2, 0, 0], count).SelectMany(range => range);
    }

    [Test]
    public void Written_ranges_are_read_again()
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
        Assert.That(
            (fingerprint.Mode, fingerprint.Upper, fingerprint.Fingerprint),
            Is.EqualTo((RangeMode.Fingerprint, RangeBound.At(300, [1, 2]), (UInt128)77)));
        Assert.That(reader.TryRead(out var list), Is.True);
        Assert.That((list.Mode, list.Upper, list.IdCount), Is.EqualTo((RangeMode.IdList, RangeBound.Before(set.ItemAt(0) with { Time = 301 }), 2)));
        Assert.That((list.IdAt(0), list.IdAt(1)), Is.EqualTo((set.ItemAt(1).Id, set.ItemAt(2).Id)));
        Assert.That(reader.TryRead(out var end), Is.True);
        Assert.That(end.Upper.IsInfinity, Is.True);
        Assert.That(reader.TryRead(out _), Is.False);
        Assert.That(reader.IsMalformed, Is.False);
    }

    [Test]
    public void Reading_allocates_nothing_for_any_message()
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
