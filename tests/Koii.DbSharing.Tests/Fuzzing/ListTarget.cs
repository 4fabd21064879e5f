using System.Buffers;
using System.Text.Json;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// A list: the result does not depend on how the stream divides it, a valid list is read completely, and accepted
/// records are read from a written list again.
/// </summary>
internal sealed class ListTarget : FuzzTarget<ListTarget.Reading>
{
    private static readonly ListLimits Limits = new(MaxBytes: 6 * 1024, MaxElements: 40, MaxElementBytes: 1500);
    private static readonly ListLimits Roomy = new(MaxBytes: 1024 * 1024, MaxElements: 100_000, MaxElementBytes: 256 * 1024);

    private int _fed;

    public override IEnumerable<byte[]> Seeds => FuzzSeeds.Lists.Select(FuzzSeeds.Utf8);

    protected override ValueTask<Reading> ReadAsync(byte[] input) => ReadAsync(new MemoryStream(input), Limits);

    protected override int Check(byte[] input, Reading reading)
    {
        // The result must not depend on how the network divides the list.
        var piece = 1 + (_fed++ % 40);
        var pieces = ReadAsync(new PiecewiseStream(input, piece), Limits).AsTask().GetAwaiter().GetResult();
        Assert.That(pieces.ToString(), Is.EqualTo(reading.ToString()), $"in pieces of {piece}");
        Assert.That(pieces.Records, Is.EqualTo(reading.Records));

        var roomy = ReadAsync(new MemoryStream(input), Roomy).AsTask().GetAwaiter().GetResult();
        if (CountElements(input) is { } elements)
        {
            Assert.That(roomy.End, Is.EqualTo(ListEnd.Complete));
            Assert.That(roomy.Elements, Is.EqualTo(elements));
        }

        if (input is [(byte)'[', .. var afterBracket] && roomy.Elements > 0)
            AssertSameAfterLongElement(afterBracket, roomy);
        if (roomy.Records.Count > 0)
            AssertRoundTrip(roomy.Records);
        return HashCode.Combine(reading.End, reading.Records.Count, string.Join(',', reading.Malformed.Keys.Order()), roomy.End);
    }

    /// <summary>
    /// After a long element the list crosses the end of the reader's 64 KiB buffer; only that element may be new.
    /// </summary>
    private void AssertSameAfterLongElement(byte[] elements, Reading reading)
    {
        var filler = (64 * 1024) - (_fed * 37 % (elements.Length + 1));
        byte[] shifted = [(byte)'[', (byte)'"', .. Enumerable.Repeat((byte)'x', filler), (byte)'"', (byte)',', .. elements];
        var shiftedReading = ReadAsync(new MemoryStream(shifted), Roomy).AsTask().GetAwaiter().GetResult();
        Assert.That((shiftedReading.End, shiftedReading.Elements), Is.EqualTo((reading.End, reading.Elements + 1)));
        Assert.That(shiftedReading.Records, Is.EqualTo(reading.Records));
    }

    private static void AssertRoundTrip(IReadOnlyList<SignedLinktree> records)
    {
        var list = new ArrayBufferWriter<byte>();
        foreach (var record in records)
        {
            list.Write(list.WrittenCount == 0 ? "["u8 : ","u8);
            LinktreeWriter.WriteKeyedRecord(list, record, "linktree");
        }

        list.Write("]"u8);
        var again = ReadAsync(new MemoryStream(list.WrittenSpan.ToArray()), Roomy).AsTask().GetAwaiter().GetResult();
        Assert.That(again.End, Is.EqualTo(ListEnd.Complete));
        Assert.That(again.Malformed, Is.Empty);
        Assert.That(again.Records, Is.EqualTo(records));
    }

    /// <summary>Counts the elements with the base class library, if the text is a JSON array.</summary>
    private static int? CountElements(byte[] input)
    {
        try
        {
            var text = input.AsMemory(input is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0);
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 1_000_000 });
            return json.RootElement.ValueKind is JsonValueKind.Array ? json.RootElement.GetArrayLength() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async ValueTask<Reading> ReadAsync(Stream stream, ListLimits limits)
    {
        var records = new List<SignedLinktree>();
        var malformed = new Dictionary<RejectionReason, int>();
        var end = ListEnd.More;
        await foreach (var page in LinktreeReader.ReadListAsync(stream, limits))
        {
            Assert.That(end, Is.EqualTo(ListEnd.More), "a page after the last");
            records.AddRange(page.Linktrees);
            foreach (var (reason, count) in page.Malformed)
                malformed[reason] = malformed.GetValueOrDefault(reason) + count;
            end = page.End;
        }

        Assert.That(end, Is.Not.EqualTo(ListEnd.More), "no last page");
        return new Reading(records, malformed, end);
    }

    internal sealed record Reading(IReadOnlyList<SignedLinktree> Records, IReadOnlyDictionary<RejectionReason, int> Malformed, ListEnd End)
    {
        public int Elements => Records.Count + Malformed.Values.Sum();

        public override string ToString()
        {
            var malformed = Malformed.OrderBy(count => count.Key).Select(count => $"{count.Value} {count.Key}");
            return $"{End}, {Records.Count} records, {string.Join(", ", malformed)}";
        }
    }
}

/// <summary>A stream that returns at most a few bytes at a time, synchronously.</summary>
internal sealed class PiecewiseStream(byte[] bytes, int piece) : MemoryStream(bytes)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
}
