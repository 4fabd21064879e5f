using System.Text;
using System.Text.RegularExpressions;
using Koii.DbSharing.Records;
using static Koii.DbSharing.Tests.Records.Json;

namespace Koii.DbSharing.Tests.Records;

public sealed class LinktreeReaderListTests
{
    private static readonly ListLimits Wide = new(MaxBytes: 1L << 30, MaxElements: 1_000_000, MaxElementBytes: 256 * 1024);

    private static readonly string A = Envelope(Data(uuid: "a"));

    [TestCase("[]", "")]
    [TestCase(" \r\n\t[ \n] ", "")]
    [TestCase("\ufeff[]", "")]
    [TestCase("\ufeff  []", "")]
    [TestCase("[A]", "a")]
    [TestCase("[A,B,A]", "a b a")]
    [TestCase("  [ A , B\r\n]\n", "a b")]
    [TestCase("[KA,B,KA]", "a b a")]
    [TestCase("[A]garbage ][ \"", "a")]
    [TestCase("[A,1,B]", "a b -1")]
    [TestCase("[A,,B]", "a b -1")]
    [TestCase("[A,B,]", "a b -1")]
    [TestCase("[,]", "-2")]
    [TestCase("[A,{\"x\":\"],[\\\"\\\\\"},[[],[{}]],\"]\",B]", "a b -3")]
    [TestCase("[A,}},B]", "a b -1")]
    [TestCase("[A,{]},B]", "a b -1")]
    [TestCase("[A,nonsense \\ here,B]", "a b -1")]
    [TestCase("[A,A B,B]", "a b -1")]
    public async Task List_is_read_in_every_valid_and_damaged_form(string pattern, string expected)
    {
        var bytes = Utf8(Fill(pattern));
        Assert.That(await ReadAsync(new MemoryStream(bytes)), Is.EqualTo($"{expected} Complete".Trim()));
    }

    [TestCase("")]
    [TestCase("  ")]
    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("\"[]\"")]
    [TestCase("{\"message\":\"Task 1 not running\"}")]
    [TestCase("<!DOCTYPE html><html>[]</html>")]
    [TestCase("Not Found")]
    [TestCase("x[]")]
    [TestCase("\ufeff")]
    [TestCase("\ufeff\ufeff[]")]
    [TestCase("\u00a0[]")]
    public async Task Body_that_does_not_start_an_array_is_not_a_list(string body)
    {
        foreach (var piece in new[] { 1, 1000 })
            Assert.That(await ReadAsync(new TrickleStream(Utf8(body), piece)), Is.EqualTo("NotAList"));
    }

    [Test]
    public async Task Incomplete_byte_order_mark_is_not_a_list() =>
        Assert.That(await ReadAsync(new MemoryStream([0xEF, 0xBB, (byte)'[', (byte)']'])), Is.EqualTo("NotAList"));

    [Test]
    public async Task List_is_the_same_however_the_stream_divides_it()
    {
        var bytes = Utf8(Fill("\ufeff [KA , {\"x\":\"\\\"],\\\\\"},[1,[2]] ,é🚀,\"\\\\\\\"\", B]"));
        for (var cut = 1; cut < bytes.Length; cut++)
            Assert.That(await ReadAsync(new TrickleStream(bytes, cut, int.MaxValue)), Is.EqualTo("a b -4 Complete"), () => $"cut {cut}");
        for (var piece = 1; piece < 40; piece++)
            Assert.That(await ReadAsync(new TrickleStream(bytes, piece)), Is.EqualTo("a b -4 Complete"), () => $"piece {piece}");
    }

    [Test]
    public async Task Elements_before_the_end_of_an_interrupted_list_are_returned()
    {
        var list = Fill("[A,5,B]");
        var first = Fill("[A,").Length;
        var second = Fill("[A,5,").Length;
        for (var length = 1; length < list.Length; length++)
        {
            var expected = length switch { _ when length < first => "", _ when length < second => "a ", _ => "a -1 " } + "Interrupted";
            if (length == list.Length - 1)
                Assert.That(list[length], Is.EqualTo(']'));
            Assert.That(await ReadAsync(new MemoryStream(Utf8(list[..length]))), Is.EqualTo(expected), () => $"length {length}");
        }
    }

    [Test]
    public async Task Elements_before_an_exception_of_the_stream_are_returned_first()
    {
        var failure = new IOException("reset");
        await using var stream = new TrickleStream(Utf8(Fill("[A,B,")), 50) { BreaksWith = failure };
        var pages = new List<LinktreeListPage>();

        Assert.That(
            async () =>
            {
                await foreach (var page in LinktreeReader.ReadListAsync(stream, Wide))
                    pages.Add(page);
            },
            Throws.Exception.SameAs(failure));
        Assert.That(pages, Has.Count.EqualTo(1));
        Assert.That(pages[0].Linktrees, Has.Count.EqualTo(2));
        Assert.That(pages[0].End, Is.EqualTo(ListEnd.More));
    }

    [Test]
    public async Task Malformed_elements_do_not_affect_others()
    {
        byte[][] elements =
        [
            Utf8(Envelope(Data(uuid: "a"))),
            [(byte)'"', 0xFF, 0xC0, (byte)'"'],
            Utf8(Envelope(Data($"\"d\":{Nested(10_000)}"))),
            Utf8(Nested(10_000)),
            Utf8(Envelope(Data($"\"n\":{new string('1', 300_000)}"))),
            Utf8(new string('1', 300_000)),
            Utf8(Data(uuid: "stripped")),
            Utf8("""{"key":"linktree:x"}"""),
            Utf8(Envelope(Data(uuid: "\\u0000"))),
            Utf8(Envelope(Data(uuid: "\\ud800"))),
            Utf8(Envelope(Data(timestamp: "9007199254740992"))),
            Utf8(Envelope(Data()).Replace("\"publicKey\":\"", "\"publicKey\":\" ", StringComparison.Ordinal)),
            Utf8(Envelope(Data()).Replace("\"signature\":\"", "\"signature\":\"0", StringComparison.Ordinal)),
            Utf8(Envelope(Data($"\"s\":\"{new string('x', 65_536)}\""))),
            Utf8(Envelope(Data(uuid: "b", timestamp: "9007199254740991"))),
        ];
        byte[] list = [(byte)'[', .. elements.SelectMany((element, i) => i == 0 ? element : [(byte)',', .. element]), (byte)']'];

        var pages = await PagesAsync(new TrickleStream(list, 1_000), Wide);

        Assert.That(pages.SelectMany(page => page.Linktrees).Select(linktree => linktree.Uuid), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(Counts(pages), Is.EquivalentTo(new Dictionary<RejectionReason, int>
        {
            [RejectionReason.Malformed] = 7,
            [RejectionReason.TooDeep] = 1,
            [RejectionReason.TooLarge] = 3,
            [RejectionReason.BadPublicKey] = 1,
            [RejectionReason.BadSignatureEncoding] = 1,
        }));
        Assert.That(pages[^1].End, Is.EqualTo(ListEnd.Complete));
    }

    [Test]
    public async Task Element_at_the_limit_is_read_and_a_longer_one_is_skipped([Values(1, 7, 64 * 1024, int.MaxValue)] int piece)
    {
        var small = Envelope(Data(uuid: "small"));
        var limit = 200_000;
        string Long(int length) => Envelope(Data(uuid: "long")).PadRight(length);
        var limits = Wide with { MaxElementBytes = limit };

        var list = $"[{small},{Long(limit)},{small},{Long(limit + 1)},{small},{Long(5 * limit)},{small}]";
        var pages = await PagesAsync(new TrickleStream(Utf8(list), 1000, piece == 1 ? 999 : piece), limits);

        Assert.That(
            pages.SelectMany(page => page.Linktrees).Select(linktree => linktree.Uuid),
            Is.EqualTo(new[] { "small", "long", "small", "small", "small" }));
        Assert.That(Counts(pages), Is.EqualTo(new Dictionary<RejectionReason, int> { [RejectionReason.TooLarge] = 2 }));
    }

    [Test]
    public async Task White_space_between_elements_is_ignored()
    {
        var gap = new string(' ', 200_000);
        var list = $"{gap}[{gap}{Envelope(Data(uuid: "a"))},{gap}{Envelope(Data(uuid: "b"))}]";
        Assert.That(await ReadAsync(new TrickleStream(Utf8(list), 9_999)), Is.EqualTo("a b Complete"));
    }

    [Test]
    public async Task List_with_more_consecutive_white_space_than_an_element_may_have_bytes_is_too_large([Values(1, 999, 1_000_000)] int piece)
    {
        var limits = Wide with { MaxElementBytes = 1_000 };
        var most = new string('\n', limits.MaxElementBytes);

        Assert.That(await ReadAsync(new TrickleStream(Utf8(Fill($"{most}[{most}A,{most}B]")), piece), limits), Is.EqualTo("a b Complete"));
        Assert.That(await ReadAsync(new TrickleStream(Utf8(Fill($"[A,{most} B]")), piece), limits), Is.EqualTo("a TooLarge"));
    }

    [Test]
    public async Task Reading_stops_at_the_closing_bracket()
    {
        var list = Utf8(Fill("[A]"));
        await using var stream = new TrickleStream([.. list, .. new byte[100]], list.Length, 1) { BreaksWith = new IOException() };
        Assert.That(await ReadAsync(stream), Is.EqualTo("a Complete"));
        Assert.That(stream.BytesGiven, Is.EqualTo(list.Length));
    }

    [Test]
    public async Task List_with_more_elements_than_the_limit_is_too_large()
    {
        var limits = Wide with { MaxElements = 3 };
        Assert.That(await ReadAsync(new MemoryStream(Utf8(Fill("[A,1,B]"))), limits), Is.EqualTo("a b -1 Complete"));
        Assert.That(await ReadAsync(new MemoryStream(Utf8(Fill("[A,1,B,A,A]"))), limits), Is.EqualTo("a b -1 TooLarge"));
    }

    [Test]
    public async Task List_with_more_bytes_than_the_limit_is_too_large([Values(1, 10, 1_000_000)] int piece)
    {
        var list = Utf8(Fill("[A,B]"));
        var limits = Wide with { MaxBytes = list.Length };
        Assert.That(await ReadAsync(new TrickleStream(list, piece), limits), Is.EqualTo("a b Complete"));
        Assert.That(await ReadAsync(new TrickleStream([.. list, .. "   "u8], piece), limits), Is.EqualTo("a b Complete"));
        Assert.That(await ReadAsync(new TrickleStream(list, piece), limits with { MaxBytes = list.Length - 1 }), Is.EqualTo("a TooLarge"));
        Assert.That(await ReadAsync(new TrickleStream(list[..^1], piece), limits with { MaxBytes = list.Length - 1 }), Is.EqualTo("a Interrupted"));
        Assert.That(await ReadAsync(new TrickleStream(list, piece), limits with { MaxBytes = 1 }), Is.EqualTo("TooLarge"));
        Assert.That(await ReadAsync(new TrickleStream(Utf8("      []"), piece), limits with { MaxBytes = 3 }), Is.EqualTo("TooLarge"));
    }

    [Test]
    public async Task Page_has_at_most_2048_records()
    {
        Assert.That(PeerPage.MaxLinktrees, Is.EqualTo(2048));
        var list = $"[{string.Join(',', Enumerable.Range(0, 4_200).Select(number => Envelope(Data(uuid: $"{number}"))))}]";
        var pages = await PagesAsync(new TrickleStream(Utf8(list), 50_000), Wide);
        Assert.That(pages.Select(page => page.Linktrees.Count), Is.EqualTo(new[] { 2048, 2048, 104 }));
        Assert.That(
            pages.SelectMany(page => page.Linktrees).Select(linktree => linktree.Uuid),
            Is.EqualTo(Enumerable.Range(0, 4_200).Select(number => $"{number}")));
    }

    [Test]
    public async Task Page_ends_when_1_MiB_of_the_list_was_read()
    {
        Assert.That(PeerPage.MaxBytes, Is.EqualTo(1024 * 1024));
        var list = $"[{string.Join(',', Enumerable.Repeat($"{Envelope(Data())},{new string('1', 60_000)}", 40))}]";
        var pages = await PagesAsync(new MemoryStream(Utf8(list)), Wide);
        Assert.That(pages.Select(page => page.Linktrees.Count), Is.All.LessThanOrEqualTo(18));
        Assert.That(pages, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task Page_ends_with_the_record_that_brings_its_data_to_1_MiB()
    {
        // A short number may have a long canonical form.
        var numbers = string.Join(',', Enumerable.Repeat("1e20", 2_000));
        var list = $"[{string.Join(',', Enumerable.Repeat(Envelope(Data($"\"n\":[{numbers}]")), 60))}]";
        var pages = await PagesAsync(new MemoryStream(Utf8(list)), Wide);
        Assert.That(pages, Has.Count.EqualTo(3));
        Assert.That(pages.Select(page => page.Linktrees.Sum(linktree => linktree.Data.Length)), Is.All.LessThan(PeerPage.MaxBytes + 45_000));
    }

    [Test]
    public async Task Pages_are_returned_while_an_element_does_not_end([Values("\\\"", "{")] string endless)
    {
        var pages = await PagesAsync(new MemoryStream(Utf8($"[{string.Concat(Enumerable.Repeat(endless, 8 * 1024 * 1024 / endless.Length))}")), Wide);
        Assert.That(pages, Has.Count.InRange(7, 9));
    }

    [Test]
    public async Task Million_malformed_elements_allocate_less_than_1_MB([Values("1", "{}", "{\"data\":{}}", "\"\"", "")] string element)
    {
        var list = Utf8($"[{string.Join(',', Enumerable.Repeat(element, 1_000_000))}]");
        using var stream = new MemoryStream(list);
        await PagesAsync(new MemoryStream(Utf8($"[{element}]")), Wide);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var pages = 0;
        var malformed = 0;
        await foreach (var page in LinktreeReader.ReadListAsync(stream, Wide))
        {
            pages++;
            malformed += page.Malformed.Values.Sum();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000));
        Assert.That(malformed, Is.EqualTo(1_000_000));
        Assert.That(pages, Is.EqualTo(62));
    }

    [Test]
    public void Cancellation_stops_reading()
    {
        using var cancellation = new CancellationTokenSource();
        using var stream = new TrickleStream(Utf8($"[{string.Join(',', Enumerable.Repeat("1", 1_000_000))}]"), 1_000);
        Assert.That(
            async () =>
            {
                await foreach (var page in LinktreeReader.ReadListAsync(stream, Wide, cancellation.Token))
                    await cancellation.CancelAsync();
            },
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(stream.BytesGiven, Is.LessThan(200_000));
    }

    private static string Fill(string pattern) =>
        Regex.Replace(pattern, "KA|A|B", match => match.Value switch { "KA" => Keyed(A), "A" => A, _ => Envelope(Data(uuid: "b")) });

    /// <summary>
    /// Reads a list into a string: the uuids, the number of malformed elements with a minus sign, and the end.
    /// </summary>
    private static async Task<string> ReadAsync(Stream stream, ListLimits? limits = null)
    {
        var pages = await PagesAsync(stream, limits ?? Wide);
        var answer = new StringBuilder();
        foreach (var linktree in pages.SelectMany(page => page.Linktrees))
            answer.Append(linktree.Uuid).Append(' ');
        var malformed = Counts(pages);
        Assert.That(malformed.Keys, Is.SubsetOf(new[] { RejectionReason.Malformed }));
        if (malformed.Count > 0)
            answer.Append('-').Append(malformed[RejectionReason.Malformed]).Append(' ');
        return answer.Append(pages[^1].End).ToString();
    }

    private static async Task<List<LinktreeListPage>> PagesAsync(Stream stream, ListLimits limits)
    {
        var pages = new List<LinktreeListPage>();
        await foreach (var page in LinktreeReader.ReadListAsync(stream, limits))
            pages.Add(page);
        Assert.That(pages.SkipLast(1).Select(page => page.End), Is.All.EqualTo(ListEnd.More));
        Assert.That(pages[^1].End, Is.Not.EqualTo(ListEnd.More));
        return pages;
    }

    private static Dictionary<RejectionReason, int> Counts(List<LinktreeListPage> pages) =>
        pages.SelectMany(
            page => page.Malformed).GroupBy(count => count.Key).ToDictionary(group => group.Key, group => group.Sum(count => count.Value));
}
