using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Koii.DbSharing.Serving;

/// <summary>Writes one gzip member (RFC 1952) from parts that were compressed before.</summary>
/// <remarks>
/// Each part is raw deflate that ends with a flush: at a byte boundary, and without a final block, so that another part may
/// follow. There is one member, because browsers and curl stop after the first.
/// </remarks>
internal sealed class GzipWriter(IBufferWriter<byte> output)
{
    private Crc32Sum _sum;

    /// <summary>Compresses a part.</summary>
    public static byte[] Deflate(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return [];
        var compressed = new MemoryStream(text.Length / 2);
        using var deflate = new DeflateStream(compressed, CompressionLevel.Fastest, leaveOpen: true);
        deflate.Write(text);
        deflate.Flush();

        // Before the stream is disposed, which would write the final block.
        return compressed.ToArray();
    }

    /// <summary>Writes the header: no name, no time, compressed with the fastest method, of no particular system.</summary>
    public void Begin() => output.Write<byte>([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 4, 0xFF]);

    /// <summary>Writes a compressed part.</summary>
    public void WriteDeflated(ReadOnlySpan<byte> deflated, Crc32Sum sum)
    {
        output.Write(deflated);
        _sum = _sum.Append(sum);
    }

    /// <summary>Writes a few bytes without compression, in a block of their own (RFC 1951 §3.2.4).</summary>
    public void WriteStored(ReadOnlySpan<byte> text) => WriteStored(text, isFinal: false);

    /// <summary>Writes the last bytes and the trailer.</summary>
    public void End(ReadOnlySpan<byte> text)
    {
        WriteStored(text, isFinal: true);
        Span<byte> trailer = stackalloc byte[2 * sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, _sum.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[sizeof(uint)..], (uint)_sum.Length);
        output.Write(trailer);
    }

    private void WriteStored(ReadOnlySpan<byte> text, bool isFinal)
    {
        Span<byte> header = stackalloc byte[5];
        header[0] = isFinal ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(header[1..], (ushort)text.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(header[3..], (ushort)~text.Length);
        output.Write(header);
        output.Write(text);
        _sum = _sum.Append(Crc32Sum.Of(text));
    }
}
