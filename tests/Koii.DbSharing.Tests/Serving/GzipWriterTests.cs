using System.Buffers;
using System.IO.Compression;
using System.IO.Hashing;
using Koii.DbSharing.Serving;

namespace Koii.DbSharing.Tests.Serving;

/// <summary>Gzip from parts that are compressed independently.</summary>
public sealed class GzipWriterTests
{
    [TestCase(new int[0])]
    [TestCase(new[] { 0 })]
    [TestCase(new[] { 1 })]
    [TestCase(new[] { 70_000, 0, 3, 1_000_000 })]
    public void Parts_decompress_to_their_texts(int[] lengths)
    {
        var random = new Random(1);
        var output = new ArrayBufferWriter<byte>();
        var text = new MemoryStream("["u8.ToArray().Length);
        var gzip = new GzipWriter(output);
        gzip.Begin();
        Store("["u8);
        foreach (var length in lengths)
        {
            var part = new byte[length];
            random.GetItems("abcdefgh"u8.ToArray(), part.AsSpan());
            gzip.WriteDeflated(GzipWriter.Deflate(part), Crc32Sum.Of(part));
            text.Write(part);
            Store(","u8);
        }

        gzip.End("]"u8);
        text.Write("]"u8);

        Assert.That(Decompress(output.WrittenSpan.ToArray()), Is.EqualTo(text.ToArray()), "the stream checks the CRC and the length");

        void Store(ReadOnlySpan<byte> bytes)
        {
            gzip.WriteStored(bytes);
            text.Write(bytes);
        }
    }

    [Test]
    public void Checksum_of_a_text_is_that_of_its_parts([Values(0, 1, 7, 1000)] int split)
    {
        var text = new byte[1000];
        new Random(2).NextBytes(text);

        var sum = Crc32Sum.Of(text.AsSpan(0, split)).Append(Crc32Sum.Of(text.AsSpan(split)));

        Assert.That(sum, Is.EqualTo(new Crc32Sum(Crc32.HashToUInt32(text), text.Length)));
    }

    /// <summary>
    /// Appending zeros to a text that is itself a sum: x to the power of the number of bits, for lengths that no test can
    /// hash.
    /// </summary>
    [Test]
    public void Checksum_of_a_long_text_does_not_depend_on_how_it_is_split()
    {
        var part = new Crc32Sum(0x12345678, 3_000_000_000);

        var left = part.Append(part).Append(part);
        var right = part.Append(part.Append(part));

        Assert.That(left, Is.EqualTo(right));
        Assert.That(left.Length, Is.EqualTo(9_000_000_000));
    }

    private static byte[] Decompress(byte[] gzip)
    {
        using var stream = new GZipStream(new MemoryStream(gzip), CompressionMode.Decompress);
        var text = new MemoryStream();
        stream.CopyTo(text);
        return text.ToArray();
    }
}
